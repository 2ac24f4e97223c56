"""The API of the person who is signed in."""

from gateway.people.domain import Capacity, Person
from gateway.people.repository import person_by_id
from gateway.people.schemas import CapacityView, MeView, PartyView
from gateway.permissions import PERMISSIONS
from onestop_legal.working_days import legal_day
from onestop_runtime.caller import Caller
from onestop_runtime.problems import NotSignedIn
from onestop_runtime.routing import Read, query_router

PREFIX = "/api/gateway/v1"
queries = query_router(PREFIX, ["身份"])


@queries.get("/me", summary="我是谁、代谁办理")
async def who_am_i(tx: Read) -> MeView:
    """Return who is signed in, for whom, and what else could be chosen."""
    caller = tx.caller
    PERMISSIONS.require(caller, "self.read")
    person = await person_by_id(tx.connection, caller.sub) if caller.sub else None
    if person is None:
        return _me(caller, [])
    return _me(caller, [_capacity(it, person) for it in person.capacities(legal_day(tx.now))])


def _me(caller: Caller, capacities: list[CapacityView]) -> MeView:
    act = caller.act
    if caller.sub is None:
        raise NotSignedIn
    return MeView(
        sub=caller.sub,
        kind=caller.kind,
        name=caller.name,
        acr=caller.acr,
        act=PartyView(id=act.id, kind=act.kind, credit_code=act.credit_code, name=act.name) if act else None,
        agency=caller.agency,
        region=caller.region,
        hall=caller.hall,
        roles=sorted(caller.roles),
        client=caller.client,
        capacities=capacities,
    )


def _capacity(capacity: Capacity, person: Person) -> CapacityView:
    return CapacityView(act=capacity.choice, name=capacity.shown_name or person.masked_name, kind=capacity.sort)
