"""Drafts: opened for a published guide, answered and filled in, thrown away."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from onestop_legal.errors import FieldErrors
from onestop_legal.working_days import legal_day
from onestop_runtime.codec import dumps
from onestop_runtime.ids import uuid7
from onestop_runtime.problems import NotSignedIn
from onestop_runtime.transaction import Transaction
from svc_intake.domain.case import Case
from svc_intake.domain.draft import open_draft
from svc_intake.domain.guide import UnknownItem, require_open
from svc_intake.domain.party import Agent, Opener, shown_name
from svc_intake.domain.state import State
from svc_intake.permissions import PERMISSIONS
from svc_intake.repository import cases, copies
from svc_intake.resources import Resources
from svc_intake.service.access import Sheet, applicant_of, form_of, locked, require_version


async def open_case(
    tx: Transaction, own: Resources, guide_code: str, answers: Mapping[str, str], hall: str | None
) -> Sheet:
    """Open a draft for the guide in force today.

    Raises:
        UnknownItem: when no guide of that code is in force.
        ItemSuspended, ItemWithdrawn: when the item cannot be applied for.
        NotServed: when the item is for others.
        MandateDoesNotCover: when the caller acts for a company that did not let him do this.
        FieldErrors: when an answer or the hall does not exist.
    """
    PERMISSIONS.require(tx.caller, "case.open")
    today = legal_day(tx.now)
    found = await copies.guide_in_force(tx.connection, guide_code, today)
    if found is None:
        raise UnknownItem(f"没有事项“{guide_code}”，或其办事指南尚未生效。")
    version_id, state, reason = found
    require_open(state, reason, "/guide_code")
    guide = await own.memory.guide(tx.connection, version_id)
    if tx.caller.mandate and (mandate := await copies.mandate_of(tx.connection, tx.caller.mandate)):
        mandate.require_cover(guide.code, today)
    case = open_draft(uuid7(), guide, applicant_of(tx.caller), _opener(tx), hall=hall, answers=answers, now=tx.now)
    await cases.insert(tx.connection, case, tx.caller.sub)
    tx.audit("case.opened", key=case.id)
    schema = await own.memory.form_schema(tx.connection, version_id)
    return Sheet(case, guide, {}, schema.problems({}))


def _opener(tx: Transaction) -> Opener:
    if tx.caller.sub is None:
        raise NotSignedIn
    agent = Agent(shown_name(tx.caller.name, "natural") or "*", tx.caller.agency) if tx.caller.act else None
    return Opener(tx.caller.sub, tx.caller.mandate, tx.caller.channel or "web", agent)


async def answer_questions(
    tx: Transaction, own: Resources, case_id: UUID, answers: Mapping[str, str], version: int
) -> Sheet:
    """Take other answers to the guide's questions; what is no longer asked is dropped.

    Raises:
        CaseNotFound, StaleVersion, CaseNotEditable, FieldErrors: nothing is changed.
    """
    loaded = await locked(tx, case_id, "case.edit")
    case = loaded.case
    require_version(case, version)
    guide = await own.memory.guide(tx.connection, case.guide_version_id)
    case.answer(answers, guide)
    await cases.save(tx.connection, case, tx.caller.sub)
    tx.audit("case.answered", key=case.id)
    form = await form_of(tx, own, loaded)
    schema = await own.memory.form_schema(tx.connection, case.guide_version_id)
    return Sheet(case, guide, form, schema.problems(form))


async def save_form(tx: Transaction, own: Resources, case_id: UUID, form: dict[str, Any], version: int) -> Sheet:
    """Save the form as far as it is filled in, encrypted; what is wrong is told, and refused only at submission.

    Raises:
        FieldErrors: when it has fields the guide does not ask for; these are not kept even in a draft.
        CaseNotFound, StaleVersion, CaseNotEditable: nothing is changed.
        NotAmongCorrections: when a field is changed that the correction notice does not name.
    """
    loaded = await locked(tx, case_id, "case.edit")
    case = loaded.case
    require_version(case, version)
    case.require_editable()
    guide = await own.memory.guide(tx.connection, case.guide_version_id)
    schema = await own.memory.form_schema(tx.connection, case.guide_version_id)
    if surplus := schema.surplus(form):
        raise FieldErrors(surplus)
    problems = schema.problems(form)
    before = await form_of(tx, own, loaded) if case.state is State.CORRECTION else {}
    case.save_form(
        changed=changed_fields(before, form),
        public_fields=schema.published(form, guide.public_fields),
        complete=not problems,
    )
    await cases.save(tx.connection, case, tx.caller.sub, form=await sealed(tx, own, case, form))
    tx.audit("case.form-saved", key=case.id)
    return Sheet(case, guide, form, problems)


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return the names of the fields that differ."""
    names = dict.fromkeys((*before, *after))
    return [name for name in names if (name in before) != (name in after) or before.get(name) != after.get(name)]


async def sealed(tx: Transaction, own: Resources, case: Case, form: Mapping[str, Any]) -> bytes:
    """Return the form encrypted with the applicant's key, bound to its place."""
    return await own.cipher.encrypt(tx.connection, case.applicant.id, "case_file", "form", case.id, dumps(dict(form)))


async def remove_draft(tx: Transaction, case_id: UUID, version: int) -> None:
    """Throw a draft away, its files included; raises `CaseNotFound`, `StaleVersion`, `CaseNotEditable`."""
    case = (await locked(tx, case_id, "case.edit")).case
    require_version(case, version)
    case.require_draft()
    await cases.delete(tx.connection, case.id)
    tx.audit("case.draft-removed", key=case.id)
