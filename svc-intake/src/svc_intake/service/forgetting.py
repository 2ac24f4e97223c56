"""Forgetting a person who was erased, but for what the law makes the office keep.

A case that was submitted stays, with its form, materials and documents: it is the record of an administrative act,
archived by 国务院令第716号 (关于在线政务服务的若干规定) 12 and 档案法 14; to such duties the second paragraph of
个人信息保护法 47 gives way. Nobody reads it but whom the permissions of the case name.
"""

from uuid import UUID

from onestop_runtime.fields import destroy_key
from onestop_runtime.logs import logger
from onestop_runtime.transaction import Transaction
from svc_intake.repository import cases

log = logger(__name__)


async def forget(tx: Transaction, person_id: UUID) -> None:
    """Throw away what the person began and never submitted; without any case, his key goes, too."""
    drafts = await cases.delete_drafts(tx.connection, person_id)
    for case_id in drafts:
        tx.audit("case.draft-removed", key=case_id, detail={"cause": "person.erased"})
    kept = await cases.has_cases(tx.connection, person_id)
    if not kept:
        await destroy_key(tx.connection, person_id)
    tx.audit("person.forgotten", key=person_id, detail={"cases_kept": kept})
    log.info("person forgotten", person_id=str(person_id), drafts=len(drafts), cases_kept=kept)
