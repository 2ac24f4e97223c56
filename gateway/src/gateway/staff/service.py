"""Use cases of staff: appointed, changed, dismissed; each is felt at once by every token of the person's."""

from typing import Final
from uuid import UUID

from gateway.identity.named import Named, named_person
from gateway.mandates.domain import Agency
from gateway.mandates.repository import in_force
from gateway.oidc.taking_back import take_back_capacity
from gateway.people.domain import require_assurance
from gateway.permissions import PERMISSIONS
from gateway.staff import repository
from gateway.staff.domain import (
    AppointmentExists,
    OwnAppointment,
    Post,
    StaffMember,
    StaffNotFound,
    require_may_give,
)
from onestop_legal.working_days import legal_day
from onestop_messages.base import AgencyRef
from onestop_messages.gateway import StaffAppointed, StaffDismissed, StaffDismissedV2
from onestop_runtime.fields import FieldCipher
from onestop_runtime.ids import uuid7
from onestop_runtime.problems import StaleVersion
from onestop_runtime.transaction import Reader, Transaction

_APPOINTING_NEEDS: Final = 2
"""Who lets others decide has to be known by his real name."""


async def page(reader: Reader, after: UUID | None, limit: int, *, agency: str | None) -> list[StaffMember]:
    """Return the appointments that the caller may see, the oldest first, past ones too."""
    return await repository.staff_after(reader.connection, reader.caller, after, limit, agency=agency)


async def read(reader: Reader, staff_id: UUID) -> StaffMember:
    """Return an appointment; raises `StaffNotFound`."""
    return _seen(reader, await repository.by_id(reader.connection, staff_id))


async def appoint_by_hand(
    tx: Transaction, cipher: FieldCipher, named: Named, agency: Agency, post: Post
) -> StaffMember:
    """Let a person serve an agency, by an administrator or its head.

    Raises:
        NotPermitted, NotKnownSurelyEnough, RoleNotYoursToGive, OwnAppointment: when the caller may not.
        FieldErrors: when the post is not sound, or nobody is known by this name and number.
        AppointmentExists: when the person serves the agency already.
    """
    PERMISSIONS.require(tx.caller, "staff.appoint", {"agency": agency.code})
    require_assurance(tx.caller.acr, _APPOINTING_NEEDS)
    today = legal_day(tx.now)
    post.require_sound(today)
    require_may_give(post.roles, tx.caller.roles)
    person = await named_person(tx.connection, cipher, named, "/person")
    _require_other(tx, person.id)
    for earlier in person.appointments:
        if earlier.agency == agency.code:
            if not earlier.over_on(today):
                raise AppointmentExists
            await repository.save(tx.connection, earlier.dismissed(tx.now))
    new = StaffMember(uuid7(), person.id, person.masked_name, agency.code, agency.name, post)
    await appoint(tx, new)
    return new


async def appoint(tx: Transaction, new: StaffMember) -> None:
    """Keep an appointment, and tell of it."""
    await repository.add(tx.connection, new)
    _tell(tx, new)
    tx.audit("staff.appointed", key=new.id, detail={"roles": sorted(new.roles)})


async def change(tx: Transaction, staff_id: UUID, post: Post, version: int) -> tuple[StaffMember, tuple[str, ...]]:
    """Let a person serve his agency in another way from now on.

    Returns:
        The appointment, and the identifiers of grants to refuse: what was granted before knew the old roles.

    Raises:
        StaffNotFound, StaleVersion, NotPermitted, RoleNotYoursToGive, OwnAppointment, NotKnownSurelyEnough,
        AppointmentEnded, FieldErrors: nothing is changed.
    """
    before = await _locked(tx, staff_id, "staff.change", version)
    changed = before.changed(post, legal_day(tx.now))
    require_may_give(before.roles ^ post.roles, tx.caller.roles)
    await repository.save(tx.connection, changed)
    _tell(tx, changed)
    tx.audit("staff.changed", key=staff_id, detail={"roles": sorted(changed.roles)})
    return changed, await _take_back(tx, changed)


async def dismiss(tx: Transaction, staff_id: UUID, version: int) -> tuple[StaffMember, tuple[str, ...]]:
    """Let a person serve his agency no more, at once; raises as `change` does.

    Returns:
        The appointment, and the identifiers of grants to refuse from now on.
    """
    before = await _locked(tx, staff_id, "staff.dismiss", version)
    require_may_give(before.roles, tx.caller.roles)
    dismissed = before.dismissed(tx.now)
    await repository.save(tx.connection, dismissed)
    _tell_dismissed(tx, dismissed)
    tx.audit("staff.dismissed", key=staff_id)
    return dismissed, await _take_back(tx, dismissed)


async def _locked(tx: Transaction, staff_id: UUID, action: str, version: int) -> StaffMember:
    found = _seen(tx, await repository.by_id(tx.connection, staff_id, lock=True))
    PERMISSIONS.require(tx.caller, action, found)
    require_assurance(tx.caller.acr, _APPOINTING_NEEDS)
    _require_other(tx, found.person_id)
    if found.version != version:
        raise StaleVersion
    return found


def _seen(reader: Reader, found: StaffMember | None) -> StaffMember:
    if found is None or not PERMISSIONS.permits(reader.caller, "staff.read", found):
        raise StaffNotFound
    return found


def _require_other(tx: Transaction, person_id: UUID) -> None:
    if person_id == tx.caller.sub:
        raise OwnAppointment


def _tell(tx: Transaction, appointed: StaffMember) -> None:
    post = appointed.post
    event = StaffAppointed(
        staff_id=appointed.id,
        person_id=appointed.person_id,
        agency=AgencyRef(code=appointed.agency, name=appointed.agency_name),
        region=post.region,
        hall=post.hall,
        roles=tuple(sorted(post.roles)),
        display_name=appointed.name,
        valid_from=post.valid_from,
        valid_to=post.valid_to,
    )
    tx.emit(event, key=appointed.id, version=appointed.version)


def _tell_dismissed(tx: Transaction, dismissed: StaffMember) -> None:
    """Tell it in both versions; the second comes last, so that the compacted topic keeps what tells all."""
    post, last_day = dismissed.post, dismissed.last_day(legal_day(tx.now))
    tx.emit(StaffDismissed(staff_id=dismissed.id, valid_to=last_day), key=dismissed.id, version=dismissed.version)
    event = StaffDismissedV2(
        staff_id=dismissed.id,
        person_id=dismissed.person_id,
        agency=AgencyRef(code=dismissed.agency, name=dismissed.agency_name),
        region=post.region,
        hall=post.hall,
        roles=tuple(sorted(post.roles)),
        display_name=dismissed.name,
        valid_from=post.valid_from,
        valid_to=last_day,
        dismissed_at=tx.now,
    )
    tx.emit(event, key=dismissed.id, version=dismissed.version)


async def _take_back(tx: Transaction, member: StaffMember) -> tuple[str, ...]:
    """End what was granted to the person for his agency, and for the residents to whom it sends him."""
    held = await in_force(tx.connection, member.person_id)
    sent_to = [it.choice for it in held if it.agency and it.agency.code == member.agency]
    return await take_back_capacity(tx, member.person_id, [member.agency, *sent_to])
