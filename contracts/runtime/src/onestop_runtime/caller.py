"""Who calls: what the gateway's assertion states, and nothing more."""

from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Party:
    """Whom somebody acts for: a legal person, or another natural person.

    Attributes:
        id: opaque id.
        credit_code: 统一社会信用代码; None of a natural person.
        name: registered name, of a natural person the masked one.
    """

    id: UUID
    credit_code: str | None
    name: str

    @property
    def kind(self) -> str:
        """`legal` or `natural`: every legal person has a credit code, no natural one does."""
        return "legal" if self.credit_code else "natural"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, on whose behalf, how surely known, and through which channel.

    Attributes:
        kind: `natural`, `legal`, `staff`, `system`, `device` or `anonymous`.
        act: whom he acts for, under `mandate`; the legal representative of a legal person needs none.
        agency: credit code of the agency a staff member serves.
        roles: granted roles, plus the kind, plus `agent` when acting for a legal person. Who acts for another natural
            person is a `proxy` instead: what is open to everybody is open to him, and what names proxies; nothing of
            what that person, or he himself, could do alone.
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
        if self.act is None:
            implied = {self.kind}
        else:
            implied = {self.kind, "agent"} if self.act.kind == "legal" else {"anonymous", "proxy"}
        object.__setattr__(self, "roles", self.given_roles | implied)

    @property
    def party(self) -> UUID | None:
        """For whom the call counts: who is acted for, else the caller."""
        return self.act.id if self.act else self.sub

    @property
    def credit_code(self) -> str | None:
        """Credit code of the legal person acted for."""
        return self.act.credit_code if self.act else None


ANONYMOUS = Caller()


def system(service: str) -> Caller:
    """Return the caller that stands for a service's own work: consumers, timers, seeds."""
    return Caller(kind="system", client=service, channel="internal")
