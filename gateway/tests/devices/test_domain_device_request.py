"""The rules by which a device waits."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from gateway.devices.domain import ALPHABET, Approval, DeviceRequest, UnknownUserCode, shown, typed

NOW = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
APPROVAL = Approval(uuid4(), uuid4(), "self")
WAITING = DeviceRequest(
    id=uuid4(),
    client_id="tv",
    scopes=frozenset({"openid"}),
    resource=None,
    key=None,
    device="TV/1.0",
    network="203.0.*.*",
    network_index=b"",
    asked_at=NOW,
    expires_at=NOW + timedelta(minutes=10),
)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_a_device_waits_until_somebody_decides():
    polled, error = WAITING.polled(after(5))
    assert error == "authorization_pending"
    assert polled.polled(after(10))[1] == "authorization_pending"
    assert polled.approved(APPROVAL, after(11)).polled(after(12))[1] is None


def test_who_asks_too_often_has_to_wait_longer_each_time():
    polled, _ = WAITING.polled(after(5))
    polled, first = polled.polled(after(9))
    polled, second = polled.polled(after(18))
    assert (first, second) == ("slow_down", "slow_down")
    assert polled.interval == timedelta(seconds=15)
    assert polled.polled(after(33))[1] == "authorization_pending"


def test_a_device_that_is_let_in_need_not_wait():
    polled, _ = WAITING.polled(after(5))
    assert polled.approved(APPROVAL, after(6)).polled(after(6.1))[1] is None


def test_a_denial_is_told_also_when_the_time_is_over():
    denied = WAITING.denied(after(1))
    assert [denied.polled(after(seconds))[1] for seconds in (2, 700)] == ["access_denied", "access_denied"]


@pytest.mark.parametrize("request_", [WAITING, WAITING.approved(APPROVAL, NOW)])
def test_after_ten_minutes_it_is_too_late(request_: DeviceRequest):
    assert request_.polled(after(600))[1] == "expired_token"
    with pytest.raises(UnknownUserCode):
        WAITING.approved(APPROVAL, after(600))


def test_it_is_decided_once():
    for decided in (WAITING.denied(NOW), WAITING.approved(APPROVAL, NOW)):
        with pytest.raises(UnknownUserCode):
            decided.approved(APPROVAL, NOW)
        with pytest.raises(UnknownUserCode):
            decided.denied(NOW)


def test_a_code_is_read_as_people_type_it():
    assert shown("WDJBMJHT") == "WDJB-MJHT"
    for text in ("WDJB-MJHT", "wdjb mjht", "WDJBMJHT", " wdjb–mjht."):
        assert typed(text) == "WDJBMJHT"


def test_no_letter_looks_like_another_or_makes_words():
    assert len(set(ALPHABET)) == 20
    assert not set(ALPHABET) & set("AEIOUY01258")
