"""Who calls: what the gateway's assertion states, and nothing more."""

from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Party:
    """The legal person that somebody acts for.

    Attributes:
        id: opaque id.
        credit_code: 统一社会信用代码.
        name: registered name.
    """

    id: UUID
    credit_code: str
    name: str


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, on whose behalf, how surely known, and through which channel.

    Attributes:
        kind: `natural`, `legal`, `staff`, `system`, `device` or `anonymous`.
        act: the legal person acted for, under `mandate`.
        agency: credit code of the agency a staff member serves.
        roles: granted roles, plus the kind, plus `agent` when acting for somebody.
    """

    sub: UUID | None = None
    kind: str = "anonymous"
    act: Party | None = None
    mandate: UUID | None = None
    acr: str = "0"
    agency: str | None = None
    region: str | None = None
    hall: str | None = None
    client: str = ""
    channel: str = ""
    name: str = ""
    given_roles: frozenset[str] = frozenset()
    roles: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        """Complete the roles by what the kind and the mandate imply."""
        implied = {self.kind, "agent"} if self.act else {self.kind}
        object.__setattr__(self, "roles", self.given_roles | implied)

    @property
    def party(self) -> UUID | None:
        """For whom the call counts: the legal person acted for, else the caller."""
        return self.act.id if self.act else self.sub

    @property
    def credit_code(self) -> str | None:
        """Credit code of the legal person acted for."""
        return self.act.credit_code if self.act else None


ANONYMOUS = Caller()


def system(service: str) -> Caller:
    """Return the caller that stands for a service's own work: consumers, timers, seeds."""
    return Caller(kind="system", client=service, channel="internal")
