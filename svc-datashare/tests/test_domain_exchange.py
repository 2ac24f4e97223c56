"""What a call may show: masked by default, level 4 never."""

import dataclasses
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svc_datashare.exchange.domain import ResourceNotCallable, permit
from svc_datashare.grants.domain import Grant, NoGrant, Use
from svc_datashare.requests.domain.request import ResourceNotPublished, ResourceNotShared, Terms
from svc_datashare.resources.domain.metadata import DataItem, DataType, Masking, Means, ShareType
from svc_datashare.resources.domain.resource import Agency, Resource, ResourceState
from svc_datashare.seed.directory import FIELDS, LICENCE_BASE

TODAY = date(2026, 3, 9)
NOW = datetime(2026, 3, 9, 2, tzinfo=UTC)
CONSUMER = Agency("11130371037100371Q", "行政审批局")
USE = Use(CONSUMER.code, "svc-intake", "11130371037100371Q4000131001000", "核验")
IDENTITY = DataItem("identity_number", "证件号码", DataType.TEXT, 18, 4, Masking.ENDS)
FACTS = {key: f"{key} of the company" for key in FIELDS} | {
    "legal_representative": "张海山",
    "identity_number": "11010519491231002X",
}


def resource(state: ResourceState = ResourceState.PUBLISHED, **metadata: Any) -> Resource:
    said = dataclasses.replace(LICENCE_BASE, items=(*LICENCE_BASE.items, IDENTITY), **metadata)
    return Resource(uuid4(), "FR-YYZZ-001", Agency("11130371037106669W", "市场监管局"), "", said, state)


def grant(fields: tuple[str, ...] = FIELDS, unmasked: tuple[str, ...] = ()) -> Grant:
    terms = Terms(CONSUMER, "svc-intake", None, fields, unmasked, "核验", date(2026, 1, 1), date(2026, 12, 31))
    return Grant(uuid4(), uuid4(), "FR-YYZZ-001", uuid4(), "", "", terms, NOW)


def test_a_persons_name_is_masked_by_default():
    allowed = permit(resource(), [grant()], USE, TODAY)
    shown = allowed.show(FACTS)
    assert shown["legal_representative"] == "张**"
    assert [item.key for item in allowed.masked] == ["legal_representative"]
    assert shown["name"] == FACTS["name"]


def test_it_is_whole_when_the_grant_allows_it_and_the_call_asks_for_it():
    held = grant(unmasked=("legal_representative",))
    assert permit(resource(), [held], USE, TODAY).show(FACTS)["legal_representative"] == "张**"
    asking = dataclasses.replace(USE, unmasked_fields=("legal_representative",))
    assert permit(resource(), [held], asking, TODAY).show(FACTS)["legal_representative"] == "张海山"


def test_only_the_fields_that_are_asked_for_are_shown():
    allowed = permit(resource(), [grant()], dataclasses.replace(USE, fields=("state", "name")), TODAY)
    assert set(allowed.show(FACTS)) == {"state", "name"}


@given(st.sets(st.sampled_from([*FIELDS, "identity_number"])), st.sets(st.sampled_from([*FIELDS, "identity_number"])))
def test_an_identity_number_never_leaves_whatever_was_granted(fields: set[str], unmasked: set[str]):
    held = grant((*FIELDS, "identity_number"), (*FIELDS, "identity_number"))
    use = dataclasses.replace(USE, fields=tuple(fields), unmasked_fields=tuple(unmasked))
    shown = permit(resource(), [held], use, TODAY).show(FACTS)
    assert "identity_number" not in shown
    assert "11010519491231002X" not in shown.values()


def test_an_absent_value_stays_absent_when_masked():
    shown = permit(resource(), [grant()], USE, TODAY).show(FACTS | {"legal_representative": None})
    assert shown["legal_representative"] is None


def test_without_publication_share_type_interface_and_grant_nothing_is_shown():
    for state in set(ResourceState) - {ResourceState.PUBLISHED, ResourceState.WITHDRAWAL_REVIEW}:
        with pytest.raises(ResourceNotPublished):
            permit(resource(state), [grant()], USE, TODAY)
    with pytest.raises(ResourceNotShared):
        permit(resource(share_type=ShareType.WITHHELD, share_basis="法"), [grant()], USE, TODAY)
    with pytest.raises(ResourceNotCallable):
        permit(resource(means=Means.FILE), [grant()], USE, TODAY)
    with pytest.raises(NoGrant):
        permit(resource(), [], USE, TODAY)
