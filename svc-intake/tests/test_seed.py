"""Seeding authorises the hall once, however often it runs."""

from intake_world import Intake

from onestop_legal.credit_code import CreditCode
from svc_intake.seed import AGENCIES, seed


async def test_seeding_again_changes_nothing(intake: Intake):
    before = await intake.rows("SELECT id, document_number FROM acceptance_authority ORDER BY id")
    await seed(intake.client.transaction, {})
    assert await intake.rows("SELECT id, document_number FROM acceptance_authority ORDER BY id") == before
    assert {row["document_number"] for row in before} >= {"秦开审批授〔2026〕1号", "秦开人社授〔2026〕1号"}


def test_every_agency_is_named_by_a_valid_code():
    assert all(CreditCode.parse(code) == code for code, _, _ in AGENCIES)
    assert len({short_name for _, _, short_name in AGENCIES}) == len(AGENCIES)
