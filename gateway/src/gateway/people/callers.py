"""From a person in a capacity to the caller that services see."""

from gateway.people.domain import Capacity, Person
from onestop_runtime.caller import Caller, Party


def caller_as(person: Person, capacity: Capacity, *, client_id: str, channel: str) -> Caller:
    """Return `person` acting in `capacity` through a client."""
    mandate, staff, principal = capacity.mandate, capacity.staff, capacity.principal
    return Caller(
        sub=person.id,
        kind=capacity.kind,
        act=Party(principal.id, principal.credit_code, principal.name) if principal else None,
        mandate=mandate.id if mandate else None,
        acr=str(person.assurance),
        agency=staff.agency if staff else None,
        region=staff.post.region if staff else None,
        hall=staff.post.hall if staff else None,
        client=client_id,
        channel=channel,
        name=person.masked_name,
        given_roles=capacity.roles,
    )
