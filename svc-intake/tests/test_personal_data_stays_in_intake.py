"""The form is encrypted, masked for the office, unmasked only for a purpose; no event carries personal data."""

import json
import logging

import pytest
from intake_world import AGENT, AGENT_2, CLERK, FORM, REVIEWER, Intake, problem, read

from svc_intake.forms import FormSchema

CANARY = str(FORM["identity_number"])


async def dump(intake: Intake) -> str:
    """Return everything the database holds, byte strings as hex and as text."""
    tables = await intake.rows("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
    lines = []
    for table in (row["table_name"] for row in tables):
        rows = await intake.rows(f'SELECT t::text AS line FROM "{table}" t')  # noqa: S608 - names of our own tables
        lines += [row["line"] for row in rows]
    return "\n".join(lines)


async def test_nothing_personal_is_readable_in_the_database_the_events_or_the_log(
    intake: Intake, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    case = await intake.submitted()
    read(await intake.call(CLERK, "POST", f"/cases/{case['id']}/unmasking", {"purpose": "核对身份证明原件"}))
    read(await intake.act(CLERK, case, "on-the-spot-correction", {"fields": {"area": 90}}))
    case = await intake.read(case)
    read(await intake.act(CLERK, case, "correction-notice", {"items": [{"field": "area", "reason": "面积不符"}]}))
    case = await intake.fill(await intake.read(case), FORM | {"area": 95})
    read(await intake.act(AGENT, case, "corrections"))
    read(await intake.act(CLERK, await intake.read(case), "acceptance"))
    await intake.start_proceeding(case)
    read(await intake.act(AGENT, await intake.read(case), "withdrawal"))
    everything = await dump(intake)
    for canary in (CANARY, str(FORM["phone"])):
        assert canary not in everything
        assert canary.encode().hex() not in everything
        assert canary not in caplog.text


async def test_the_office_reads_it_masked(intake: Intake):
    case = await intake.accepted()
    await intake.start_proceeding(case)
    for caller in (CLERK, REVIEWER):
        form = (await intake.read(case, caller))["form"]
        assert form["identity_number"] == "1****************X"
        assert form["phone"] == "1*********3"
        assert form["business_scope"] == FORM["business_scope"]
    assert (await intake.read(case))["form"] == FORM


async def test_unmasking_needs_a_purpose_and_leaves_a_trace(intake: Intake):
    case = await intake.submitted()
    path = f"/cases/{case['id']}/unmasking"
    problem(await intake.call(CLERK, "POST", path, {"purpose": " "}), 422, "invalid-fields")
    shown = read(await intake.call(CLERK, "POST", path, {"purpose": "核对身份证明原件"}))
    assert shown["form"] == FORM
    trace = (await intake.rows("SELECT actor, detail FROM audit WHERE verb = 'form.unmasked'"))[0]
    assert (trace["actor"], trace["detail"]) == (CLERK.sub, {"purpose": "核对身份证明原件"})
    problem(await intake.call(AGENT_2, "POST", path, {"purpose": "好奇"}), 404, "case-not-found")
    problem(await intake.call(AGENT, "POST", path, {"purpose": "自己的"}), 403, "not-permitted")


def test_masking_reaches_into_lists_and_objects():
    person = {"type": "object", "properties": {"number": {"type": "string", "format": "identity-number"}}}
    schema = FormSchema(
        {"type": "object", "properties": {"people": {"type": "array", "items": person}, "head": person, "note": True}}
    )
    masked = schema.masked({"people": [{"number": CANARY}], "head": {"number": CANARY, "name": "王"}, "note": ["急"]})
    assert CANARY not in json.dumps(masked)
    assert masked["head"]["name"] == "王"
    assert masked["note"] == ["急"]


def test_a_guide_that_names_personal_data_as_public_publishes_none():
    properties = {"phone": {"format": "phone"}, "illness": {"x-sensitive": True}, "scope": {"type": "string"}}
    schema = FormSchema({"properties": properties})
    form = {"phone": "15400000003", "illness": "糖尿病", "scope": "食品"}
    assert schema.published(form, ("phone", "illness", "scope")) == {"scope": "食品"}
