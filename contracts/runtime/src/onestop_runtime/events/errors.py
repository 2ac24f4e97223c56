"""What can be wrong with what an operator asks for."""

from onestop_legal.errors import NamedError


class NotHeldUp(NamedError):
    """No event of this aggregate is held up here."""

    slug = "event-not-held-up"
    title = "没有搁置的事件"
    status = 404


class HeldUpChanged(NamedError):
    """Another event of the aggregate is held up than the one that was named."""

    slug = "held-up-changed"
    title = "搁置的已是另一个事件，请重新查看"
    status = 409
    pointer = "/sequence"


class NothingToReplay(NamedError):
    """The event never arrived, so that it cannot be tried again."""

    slug = "nothing-to-replay"
    title = "缺少的事件没有到达，无从重放"
    status = 409


class UnderReplay(NamedError):
    """The event is being published again at this moment."""

    slug = "event-under-replay"
    title = "事件正在重放，请稍候查看结果"
    status = 409
