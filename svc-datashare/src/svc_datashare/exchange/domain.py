"""What an exchange call may show: the decision and the masking, pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from onestop_legal.errors import NamedError
from svc_datashare.grants.domain import Grant, Use, covering
from svc_datashare.requests.domain.request import ResourceNotPublished, ResourceNotShared
from svc_datashare.resources.domain.metadata import DataItem, Means, ShareType
from svc_datashare.resources.domain.resource import Resource


class SubjectNotFound(NamedError):
    """The resource knows nobody by this code."""

    slug = "subject-not-found"
    title = "数据资源中没有该主体"
    status = 404


class ResourceNotCallable(NamedError):
    """The resource is shared as a table or a file; there is nothing to call."""

    slug = "resource-not-callable"
    title = "该数据资源不以接口方式共享"
    status = 409


@dataclass(frozen=True, slots=True)
class Permit:
    """What one call may show.

    Attributes:
        grant: the grant that covers the call.
        whole: items shown as they are.
        masked: items shown masked.
    """

    grant: Grant
    whole: tuple[DataItem, ...]
    masked: tuple[DataItem, ...]

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of everything shown."""
        return tuple(item.key for item in (*self.whole, *self.masked))

    def show(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Return what of `facts` may be shown; a masked item is shown by what its masking leaves."""
        shown = {item.key: facts[item.key] for item in self.whole}
        for item in self.masked:
            value = facts[item.key]
            shown[item.key] = None if value is None else item.masking.apply(str(value))
        return shown


def permit(resource: Resource, grants: Iterable[Grant], use: Use, today: date) -> Permit:
    """Return what `use` may show of `resource`.

    Args:
        resource: the resource that is called.
        grants: those the consumer's system holds for it.
        use: what is asked.
        today: legal day of the call.

    Raises:
        ResourceNotPublished: when it is not in the directory.
        ResourceNotShared: when the law forbids sharing it.
        ResourceNotCallable: when it is no interface.
        NoGrant, GrantNotInForce, PurposeNotGranted, ItemNotGranted, FieldsNotGranted, UnmaskingNotGranted: see
            `svc_datashare.grants.domain.covering`.
    """
    if not resource.in_force:
        raise ResourceNotPublished
    if resource.metadata.share_type is ShareType.WITHHELD:
        raise ResourceNotShared(f"依据：{resource.metadata.share_basis}")
    if resource.metadata.means is not Means.INTERFACE:
        raise ResourceNotCallable
    grant = covering(grants, use, today)
    wanted = set(use.fields or grant.terms.fields) & set(grant.terms.fields)
    items = [item for item in resource.metadata.items if item.key in wanted and not item.withheld]
    masked = tuple(item for item in items if item.masked_by_default and item.key not in use.unmasked_fields)
    return Permit(grant, whole=tuple(item for item in items if item not in masked), masked=masked)
