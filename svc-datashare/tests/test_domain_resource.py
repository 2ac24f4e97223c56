"""The way of a resource: 已创建 → 发布待审核 → 已发布 → 撤销待审核 → 已撤销, two people at every gate."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from svc_datashare.resources.domain.resource import (
    Agency,
    Resource,
    ResourceState,
    ReviewedBySubmitter,
    WrongResourceState,
)
from svc_datashare.seed.directory import LICENCE_BASE

NOW = datetime(2026, 3, 8, 17, tzinfo=UTC)
STEWARD, REVIEWER = uuid4(), uuid4()
STEPS: dict[ResourceState, tuple[str, ...]] = {
    ResourceState.CREATED: ("describe", "submit"),
    ResourceState.PUBLICATION_REVIEW: ("publish", "refuse_publication"),
    ResourceState.PUBLISHED: ("ask_withdrawal",),
    ResourceState.WITHDRAWAL_REVIEW: ("withdraw", "refuse_withdrawal"),
    ResourceState.WITHDRAWN: (),
}


def resource(state: ResourceState = ResourceState.CREATED) -> Resource:
    provider = Agency("11130371037106669W", "市场监督管理局")
    return Resource(uuid4(), "FR-YYZZ-001", provider, "11130371037107039Y", LICENCE_BASE, state, submitted_by=STEWARD)


def calls(found: Resource, by: UUID | None) -> dict[str, Callable[[], None]]:
    return {
        "describe": lambda: found.describe(LICENCE_BASE),
        "submit": lambda: found.submit(by),
        "publish": lambda: found.publish(by, NOW),
        "refuse_publication": lambda: found.refuse_publication(by, "依据不足"),
        "ask_withdrawal": lambda: found.ask_withdrawal(by, "合并"),
        "withdraw": lambda: found.withdraw(by),
        "refuse_withdrawal": lambda: found.refuse_withdrawal(by, "仍在使用"),
    }


def test_the_whole_way_there_and_out():
    found = resource()
    found.submit(STEWARD)
    found.publish(REVIEWER, NOW)
    assert found.in_force
    assert str(found.published_on) == "2026-03-09"  # one in the morning in Shanghai
    found.ask_withdrawal(STEWARD, "合并")
    assert found.in_force  # until somebody agrees
    found.withdraw(REVIEWER)
    assert (found.state, found.in_force, found.version) == (ResourceState.WITHDRAWN, False, 5)


@pytest.mark.parametrize("state", ResourceState)
def test_no_step_is_taken_from_the_wrong_state(state: ResourceState):
    for step in calls(resource(), REVIEWER):
        found = resource(state)
        if step in STEPS[state]:
            calls(found, REVIEWER)[step]()
            assert found.version == 2
        else:
            with pytest.raises(WrongResourceState):
                calls(found, REVIEWER)[step]()
            assert (found.state, found.version) == (state, 1)


@pytest.mark.parametrize("step", ["publish", "refuse_publication"])
def test_the_submitter_does_not_review_the_publication(step: str):
    with pytest.raises(ReviewedBySubmitter):
        calls(resource(ResourceState.PUBLICATION_REVIEW), STEWARD)[step]()


@pytest.mark.parametrize("step", ["withdraw", "refuse_withdrawal"])
def test_the_submitter_does_not_review_the_withdrawal(step: str):
    with pytest.raises(ReviewedBySubmitter):
        calls(resource(ResourceState.WITHDRAWAL_REVIEW), STEWARD)[step]()


def test_nobody_known_reviews_nothing():
    found = resource()
    found.submit(None)
    with pytest.raises(ReviewedBySubmitter):
        found.publish(None, NOW)
