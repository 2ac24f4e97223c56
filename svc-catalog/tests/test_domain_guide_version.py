"""The life of a guide version: who may take which step when, and that one is in force at a time."""

import json
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onestop_legal.errors import FieldErrors, NamedError
from svc_catalog.domain.guide_version import (
    FourEyesNeeded,
    GuideState,
    GuideVersion,
    QualityGateClosed,
    ValidityOverlaps,
    WrongGuideState,
    expired,
)
from svc_catalog.seed.loader import guides

AUTHOR, COLLEAGUE, APPROVER = uuid4(), uuid4(), uuid4()
NOW, DAY = datetime(2026, 3, 2, 1, tzinfo=UTC), date(2026, 3, 2)
FOOD = json.dumps(next(guide for guide in guides() if guide["name"] == "食品（含保健食品）经营许可核发"))


def guide(**changes: Any) -> dict[str, Any]:
    copied: dict[str, Any] = json.loads(FOOD)
    return copied | changes


def version(**changes: Any) -> GuideVersion:
    whole = guide(**changes)
    return GuideVersion(uuid4(), uuid4(), whole["code"], whole["agency"]["code"], whole, AUTHOR)


def published(number: int = 1, former: GuideVersion | None = None, **changes: Any) -> GuideVersion:
    made = version(**changes)
    made.check()
    made.approve(APPROVER)
    made.publish(number, NOW, DAY, former)
    return made


def test_a_version_is_published_after_check_and_approval_and_keeps_its_hash():
    made = published()
    assert (made.state, made.number, made.published_at, len(made.content_hash)) == ("published", 1, NOW, 64)


def test_a_step_out_of_order_is_refused():
    for out_of_order in (
        lambda: version().approve(APPROVER),
        lambda: version().publish(1, NOW, DAY),
        lambda: version().suspend("依据修订"),
        lambda: published().rewrite(guide(), AUTHOR),
    ):
        with pytest.raises(WrongGuideState):
            out_of_order()


def test_nobody_who_wrote_at_a_version_approves_it():
    made = version()
    made.rewrite(guide(contact="0335-0000102"), COLLEAGUE)
    made.check()
    for writer in (AUTHOR, COLLEAGUE):
        with pytest.raises(FourEyesNeeded):
            made.approve(writer)
    made.approve(APPROVER)


def test_a_checked_version_that_is_rewritten_must_be_checked_again_and_keeps_its_code():
    made = version()
    made.check()
    made.rewrite(guide(), AUTHOR)
    assert made.state is GuideState.DRAFT
    with pytest.raises(FieldErrors):
        made.rewrite(guide(code="11130371037100371Q4000101001999"), AUTHOR)


def test_what_was_approved_before_a_rule_came_is_looked_at_again():
    made = version()
    made.check()
    made.approve(APPROVER)
    made.guide = guide(basis=[])
    with pytest.raises(QualityGateClosed) as refused:
        made.publish(1, NOW, DAY)
    assert [error.pointer for error in refused.value.errors] == ["/guide/basis"]


def test_the_former_version_ends_where_the_new_one_begins():
    former = published()
    following = published(2, former, valid_from="2026-02-01")
    assert (former.state, former.ended_at) == (GuideState.SUPERSEDED, following.published_at)


@pytest.mark.parametrize("valid_from", ["2026-03-03", "2025-12-31"])
def test_a_version_that_begins_later_or_before_the_one_in_force_does_not_replace_it(valid_from: str):
    with pytest.raises(ValidityOverlaps):
        published(2, published(), valid_from=valid_from)


def test_a_version_whose_validity_is_over_is_not_published_and_the_last_day_counts():
    with pytest.raises(ValidityOverlaps):
        published(valid_to="2026-03-01")
    last = published(valid_to="2026-03-02")
    assert not expired(last.guide, DAY)
    assert expired(last.guide, date(2026, 3, 3))


STEPS = {
    "rewrite": lambda one: one.rewrite(guide(), AUTHOR),
    "check": lambda one: one.check(),
    "approve": lambda one: one.approve(APPROVER),
    "publish": lambda one: one.publish(1, NOW, DAY),
    "suspend": lambda one: one.suspend("依据修订"),
    "withdraw": lambda one: one.withdraw("事项取消", NOW),
}


@given(names=st.lists(st.sampled_from(sorted(STEPS)), max_size=12))
def test_only_an_approved_version_gets_in_force_and_a_refusal_changes_nothing(names: list[str]):
    made = version()
    for name in names:
        before = (made.state, made.version)
        try:
            STEPS[name](made)
        except NamedError:
            assert (made.state, made.version) == before
        else:
            assert made.version == before[1] + 1
    if made.number:
        assert made.approver == APPROVER
        assert made.content_hash
