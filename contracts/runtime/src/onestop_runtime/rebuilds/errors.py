"""What can be wrong with a rebuild."""

from onestop_legal.errors import NamedError


class ProjectionNotFound(NamedError):
    """The service has no such projection."""

    slug = "projection-not-found"
    title = "没有这个投影"
    status = 422
    pointer = "/projection"


class RebuildNotFound(NamedError):
    """There is no such rebuild."""

    slug = "rebuild-not-found"
    title = "没有这次重建"
    status = 404


class RebuildUnderWay(NamedError):
    """The projection is being rebuilt already."""

    slug = "rebuild-under-way"
    title = "这个投影正在重建"
    status = 409


class RebuildEnded(NamedError):
    """The rebuild was put into use or given up."""

    slug = "rebuild-ended"
    title = "这次重建已经结束"
    status = 409


class RebuildNotReady(NamedError):
    """The rebuild has not read yet what the projection in use has."""

    slug = "rebuild-not-ready"
    title = "重建尚未追上，请稍后再试"
    status = 409


class RebuildHeldUp(NamedError):
    """Some events could not be applied to the rebuilt tables, so that they are not complete."""

    slug = "rebuild-held-up"
    title = "重建时有事件处理不了，不能换上"
    status = 409


class RebuildDoesNotFit(NamedError):
    """What is in use elsewhere would be gone in the rebuilt tables."""

    slug = "rebuild-does-not-fit"
    title = "重建的内容缺少仍被引用的记录，不能换上"
    status = 409
