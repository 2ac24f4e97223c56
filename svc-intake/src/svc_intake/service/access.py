"""How a use case gets at a case: found, visible, permitted, of the version the caller has seen."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from onestop_legal.errors import FieldError
from onestop_legal.working_days import Calendar
from onestop_runtime.caller import Caller
from onestop_runtime.codec import loads
from onestop_runtime.problems import NotSignedIn, StaleVersion
from onestop_runtime.transaction import Reader, Transaction
from svc_intake.domain.case import Case
from svc_intake.domain.guide import Guide
from svc_intake.domain.party import AgencyFacts, AgencyUnknown, Applicant, shown_name
from svc_intake.domain.state import CaseNotFound
from svc_intake.permissions import PERMISSIONS
from svc_intake.repository import cases, copies
from svc_intake.repository.cases import Loaded
from svc_intake.resources import Resources


@dataclass(slots=True)
class Sheet:
    """A case as it is shown: with its guide and, where it may be read, its form."""

    case: Case
    guide: Guide
    form: dict[str, Any] | None
    form_problems: list[FieldError]

    @property
    def version(self) -> int:
        """Version of the case."""
        return self.case.version


async def locked(tx: Transaction, case_id: UUID, action: str) -> Loaded:
    """Return the case, locked, for `action`.

    Raises:
        CaseNotFound: when it does not exist or is not the caller's to see.
        NotPermitted: when he may see it, but not do this.
    """
    loaded = _visible(tx.caller, await tx.together(cases.lock_all, (case_id, tx.caller.mandate)))
    PERMISSIONS.require(tx.caller, action, loaded.row)
    return loaded


async def seen(reader: Reader, case_id: UUID) -> Loaded:
    """Return the case for reading; raises `CaseNotFound`."""
    return _visible(reader.caller, await cases.read(reader.connection, case_id))


def _visible(caller: Caller, loaded: Loaded | None) -> Loaded:
    if loaded and PERMISSIONS.permits(caller, "case.read", loaded.row):
        return loaded
    if caller.kind == "anonymous":
        raise NotSignedIn
    raise CaseNotFound


def require_version(case: Case, version: int) -> None:
    """Do nothing when `version` is the case's; raises `StaleVersion`."""
    if case.version != version:
        raise StaleVersion(f"办件现为第 {case.version} 版。")


async def calendar_of(reader: Reader, own: Resources, loaded: Loaded) -> Calendar:
    """Return the working-day calendar as it stands."""
    return await own.memory.calendar(reader.connection, loaded.calendar_stamp)


async def agency_of(reader: Reader, case: Case) -> AgencyFacts:
    """Return what documents of the case's agency need; raises `AgencyUnknown`."""
    facts = await copies.agency_facts(reader.connection, case.agency.code)
    if facts is None:
        raise AgencyUnknown(retry_after=5)
    return facts


async def form_of(reader: Reader, own: Resources, loaded: Loaded) -> dict[str, Any]:
    """Return the saved form, decrypted; empty when nothing was saved."""
    if loaded.form is None:
        return {}
    case = loaded.case
    plain = await own.cipher.decrypt(reader.connection, case.applicant.id, "case_file", "form", case.id, loaded.form)
    form: dict[str, Any] = loads(plain)
    return form


async def sheet_without_form(reader: Reader, own: Resources, loaded: Loaded) -> Sheet:
    """Return the case without its form, for answers to POST: these are kept in clear for repeats."""
    guide = await own.memory.guide(reader.connection, loaded.case.guide_version_id)
    return Sheet(loaded.case, guide, None, [])


async def sheet_of(reader: Reader, own: Resources, loaded: Loaded) -> Sheet:
    """Return the case as its reader may see it: personal data of the form is masked for all but the applicant."""
    guide = await own.memory.guide(reader.connection, loaded.case.guide_version_id)
    schema = await own.memory.form_schema(reader.connection, loaded.case.guide_version_id)
    form = await form_of(reader, own, loaded)
    if not PERMISSIONS.permits(reader.caller, "case.edit", loaded.row):
        return Sheet(loaded.case, guide, schema.masked(form), [])
    problems = [] if loaded.case.form_complete else schema.problems(form)
    return Sheet(loaded.case, guide, form, problems)


def applicant_of(caller: Caller) -> Applicant:
    """Return for whom the caller applies: the one he acts for, else himself; raises `NotSignedIn`."""
    if act := caller.act:
        return Applicant(act.id, act.kind, shown_name(act.name, act.kind), act.credit_code)
    if caller.sub is None:
        raise NotSignedIn
    return Applicant(caller.sub, caller.kind, shown_name(caller.name, caller.kind) or "*")
