"""Access 授权应用: what a person lets an application have."""

from dataclasses import dataclass
from datetime import datetime

from onestop_legal.errors import NamedError


class AccessNotFound(NamedError):
    """The person lets no such application have anything."""

    slug = "access-not-found"
    title = "您没有授权这个应用"
    status = 404
    pointer = "{client_id}"


@dataclass(frozen=True, slots=True)
class Access:
    """What an application may have of a person now.

    Attributes:
        first_party: whether it is our own, which asks for no consent.
        scopes: what was consented to or granted, whichever is more.
        since: when the person consented, or entered it first in what lasts still.
        used_at: when it last got anything; None when it never did.
        signed_in: whether it holds tokens that can be used or renewed.
    """

    client_id: str
    client_name: str
    first_party: bool
    scopes: frozenset[str]
    since: datetime
    used_at: datetime | None
    signed_in: bool
