"""Use cases of staff: be appointed."""

from gateway.staff import repository
from gateway.staff.domain import StaffMember
from onestop_messages.base import AgencyRef
from onestop_messages.gateway import StaffAppointed
from onestop_runtime.transaction import Transaction


async def appoint(tx: Transaction, new: StaffMember, *, display_name: str) -> None:
    """Let a person serve an agency.

    Args:
        tx: the transaction.
        new: the appointment.
        display_name: masked name, as colleagues see it.
    """
    await repository.add(tx.connection, new)
    event = StaffAppointed(
        staff_id=new.id,
        person_id=new.person_id,
        agency=AgencyRef(code=new.agency, name=new.agency_name),
        region=new.region,
        hall=new.hall,
        roles=tuple(sorted(new.roles)),
        display_name=display_name,
        valid_from=new.valid_from,
        valid_to=new.valid_to,
    )
    tx.emit(event, key=new.id, version=1)
    tx.audit("staff.appointed", key=new.id)
