"""A request goes through the platform and, for conditional data, the provider."""

import dataclasses
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest

from onestop_legal.errors import FieldErrors
from svc_datashare.requests.domain.limits import Step
from svc_datashare.requests.domain.request import (
    RequestState,
    ResourceNotPublished,
    ResourceNotShared,
    ResourceRequest,
    Terms,
    WrongRequestState,
)
from svc_datashare.resources.domain.metadata import DataItem, DataType, Masking, Means, ShareType
from svc_datashare.resources.domain.resource import Agency, Resource, ResourceState, ReviewedBySubmitter
from svc_datashare.seed.directory import LICENCE_BASE

NOW = datetime(2026, 3, 9, 2, tzinfo=UTC)
HEAD, ADMIN, STEWARD = uuid4(), uuid4(), uuid4()
TERMS = Terms(
    consumer=Agency("11130371037100371Q", "行政审批局"),
    service="svc-intake",
    item_codes=None,
    fields=("name", "state"),
    unmasked_fields=(),
    purpose="办理行政许可时核验申请人营业执照",
    valid_from=date(2026, 3, 9),
    valid_to=date(2026, 12, 31),
)


def resource(state: ResourceState = ResourceState.PUBLISHED, **metadata: Any) -> Resource:
    provider = Agency("11130371037106669W", "市场监督管理局")
    said = dataclasses.replace(LICENCE_BASE, **metadata)
    return Resource(uuid4(), "FR-YYZZ-001", provider, "11130371037107039Y", said, state)


def received(found: Resource | None = None, terms: Terms = TERMS) -> ResourceRequest:
    return ResourceRequest.receive(uuid4(), found or resource(), terms, "行政许可法 31", HEAD, NOW)


def test_conditional_data_needs_the_platform_and_then_the_provider():
    request = received()
    assert (request.state, request.step) == (RequestState.PENDING, Step.PLATFORM)
    request.approve(ADMIN, NOW)
    assert (request.state, request.step) == (RequestState.PENDING, Step.PROVIDER)
    request.approve(STEWARD, NOW)
    assert (request.state, request.step, request.version) == (RequestState.COMPLETED, None, 3)


def test_unconditional_data_needs_the_platform_only():
    request = received(resource(share_type=ShareType.UNCONDITIONAL))
    request.approve(ADMIN, NOW)
    assert request.state is RequestState.COMPLETED


def test_a_table_or_file_is_handed_over_after_the_answer():
    request = received(resource(means=Means.TABLE))
    request.approve(ADMIN, NOW)
    request.approve(STEWARD, NOW)
    assert (request.state, request.step) == (RequestState.AWAITING_PUSH, Step.SUPPLY)
    request.supply(NOW)
    assert request.state is RequestState.COMPLETED


def test_the_requester_does_not_review():
    for review in (lambda r: r.approve(HEAD, NOW), lambda r: r.send_back(HEAD, "否")):
        with pytest.raises(ReviewedBySubmitter):
            review(received())


def test_what_the_law_keeps_is_not_shared():
    withheld = resource(share_type=ShareType.WITHHELD, share_basis="《中华人民共和国反洗钱法》")
    with pytest.raises(ResourceNotShared, match="反洗钱法"):
        received(withheld)


@pytest.mark.parametrize(
    "state", sorted(set(ResourceState) - {ResourceState.PUBLISHED, ResourceState.WITHDRAWAL_REVIEW})
)
def test_only_what_stands_in_the_directory_is_asked_for(state: ResourceState):
    with pytest.raises(ResourceNotPublished):
        received(resource(state))


def test_terms_that_do_not_fit_are_named_in_full():
    identity = DataItem("identity_number", "法定代表人证件号码", DataType.TEXT, 18, 4, Masking.ENDS)
    terms = dataclasses.replace(
        TERMS, fields=("name", "turnover", "identity_number"), unmasked_fields=("state",), valid_to=date(2026, 3, 8)
    )
    with pytest.raises(FieldErrors) as raised:
        received(resource(items=(*LICENCE_BASE.items, identity)), terms)
    assert [(wrong.pointer, wrong.code) for wrong in raised.value.errors] == [
        ("/fields/1", "unknown-item"),
        ("/fields/2", "withheld"),
        ("/unmasked_fields", "not-asked-for"),
        ("/valid_to", "too-early"),
    ]


def test_a_refusal_ends_the_request_and_keeps_its_reason():
    request = received()
    request.send_back(ADMIN, "履职依据不足")
    assert (request.state, request.reason, request.step) == (RequestState.RETURNED, "履职依据不足", None)
    with pytest.raises(WrongRequestState):
        request.approve(ADMIN, NOW)


def test_an_answered_request_is_not_taken_back():
    request = received()
    request.give_up("不再需要")
    assert request.state is RequestState.LAPSED
    with pytest.raises(WrongRequestState):
        request.give_up("再次")
    with pytest.raises(WrongRequestState):
        request.supply(NOW)
