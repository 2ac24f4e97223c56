"""The rules by which a screen and a phone come to trust each other."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from gateway.scans.domain import Scan, ScanGone

NOW = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
OWNER, STRANGER, SESSION = uuid4(), uuid4(), uuid4()
SHOWN = Scan(
    id=uuid4(),
    visit_hash=b"",
    application="",
    device="Chrome · Windows",
    network="203.0.*.*",
    network_index=b"",
    number="47",
    asked_at=NOW,
    expires_at=NOW + timedelta(minutes=2),
)
OPENED = SHOWN.opened(OWNER, NOW)


def test_who_has_opened_it_and_knows_the_number_is_signed_in_once():
    used = OPENED.opened(OWNER, NOW).answered(OWNER, SESSION, "47", NOW).used(NOW)
    with pytest.raises(ScanGone):
        used.used(NOW)


@pytest.mark.parametrize("number", ["48", "", "４７", "047"])
def test_a_wrong_number_refuses_and_there_is_no_second_try(number: str):
    refused = OPENED.answered(OWNER, SESSION, number, NOW)
    assert refused.refused_at == NOW
    assert refused.approved_at is None
    with pytest.raises(ScanGone):
        refused.answered(OWNER, SESSION, "47", NOW)


def test_nobody_answers_what_another_has_opened():
    with pytest.raises(ScanGone):
        OPENED.opened(STRANGER, NOW)
    for number in ("47", "48"):
        with pytest.raises(ScanGone):
            OPENED.answered(STRANGER, SESSION, number, NOW)
        with pytest.raises(ScanGone):
            SHOWN.answered(OWNER, SESSION, number, NOW)


def test_after_two_minutes_it_is_too_late_for_phone_and_screen():
    late = NOW + timedelta(minutes=2)
    for act in (
        lambda: SHOWN.opened(OWNER, late),
        lambda: OPENED.answered(OWNER, SESSION, "47", late),
        lambda: OPENED.refused(OWNER, late),
        lambda: OPENED.answered(OWNER, SESSION, "47", NOW).used(late),
    ):
        with pytest.raises(ScanGone):
            act()


def test_a_screen_is_not_signed_in_before_the_phone_has_answered():
    for scan in (SHOWN, OPENED, OPENED.refused(OWNER, NOW), replace(OPENED, refused_at=NOW)):
        with pytest.raises(ScanGone):
            scan.used(NOW)
