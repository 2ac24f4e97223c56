"""Acceptance has a legal day; both deadlines are told, provisional or not; the office gets what it needs."""

from datetime import UTC, date, datetime

from intake_world import APPROVAL_BUREAU, CLERK, FORM, SHANHAI, Intake, food_guide, read

from onestop_messages.intake import CaseAccepted


async def test_both_deadlines_are_told(intake: Intake):
    acceptance = (await intake.accepted())["acceptance"]
    assert acceptance["accepted_on"] == "2026-03-09"
    assert acceptance["statutory"] == {"day": "2026-03-23", "provisional": False}
    assert acceptance["promised"] == {"day": "2026-03-17", "provisional": False}


async def test_the_legal_day_is_that_of_the_zone(intake: Intake):
    case = await intake.submitted()
    intake.clock.instant = datetime(2026, 3, 9, 16, 0, tzinfo=UTC)
    assert read(await intake.act(CLERK, case, "acceptance"))["acceptance"]["accepted_on"] == "2026-03-10"


async def test_a_deadline_past_the_published_calendar_is_provisional(intake: Intake):
    intake.clock.move_to(date(2026, 12, 25))
    acceptance = (await intake.accepted())["acceptance"]
    assert acceptance["statutory"] == {"day": "2027-01-11", "provisional": True}


async def test_natural_days_are_counted_as_they_come(intake: Intake):
    guide = food_guide()
    guide["limits"] |= {"statutory_unit": "natural_day", "statutory_days": 20}
    await intake.publish(guide, number=2)
    assert (await intake.accepted())["acceptance"]["statutory"] == {"day": "2026-03-29", "provisional": False}


async def test_the_office_is_told_all_it_needs_and_nothing_else_of_the_form(intake: Intake):
    case = await intake.accepted()
    event = CaseAccepted.model_validate((await intake.events("case.accepted.v1"))[0])
    assert str(event.case_id) == case["id"]
    assert event.case_number == case["case_number"]
    assert event.agency.code == APPROVAL_BUREAU
    assert event.applicant.credit_code == SHANHAI.credit_code
    assert event.limits.statutory_days == 10
    assert event.result.number_prefix == "JY"
    assert event.obligations == ("certificate", "disclosure", "notice")
    assert event.procedure == "food-business-licence"
    assert event.public_fields == {key: FORM[key] for key in ("business_scope", "business_form")}
    assert [(one.code, one.via, one.sha256 is None) for one in event.materials] == [
        ("M01", "upload", False),
        ("M02", "exchange", True),
    ]
    assert event.legal_representative == "王*"  # as the source masked it, not as the form has it
    assert FORM["legal_representative"] not in event.model_dump_json()
