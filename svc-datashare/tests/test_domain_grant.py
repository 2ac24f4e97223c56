"""A grant covers what it names and nothing else."""

import dataclasses
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onestop_legal.errors import NamedError
from svc_datashare.grants.domain import (
    FieldsNotGranted,
    Grant,
    GrantAlreadyRevoked,
    GrantNotInForce,
    ItemNotGranted,
    NoGrant,
    PurposeNotGranted,
    UnmaskingNotGranted,
    Use,
    covering,
)
from svc_datashare.requests.domain.request import Terms
from svc_datashare.resources.domain.resource import Agency

FOOD, HOTEL = "11130371037100371Q4000131001000", "11130371037100371Q4000131002000"
PURPOSE = "办理行政许可时核验申请人营业执照"
TODAY = date(2026, 3, 9)
NOW = datetime(2026, 3, 9, 2, tzinfo=UTC)
FIELDS = ("credit_code", "name", "legal_representative", "state")
TERMS = Terms(
    consumer=Agency("11130371037100371Q", "行政审批局"),
    service="svc-intake",
    item_codes=frozenset({FOOD}),
    fields=FIELDS,
    unmasked_fields=("legal_representative",),
    purpose=PURPOSE,
    valid_from=date(2026, 1, 1),
    valid_to=date(2026, 12, 31),
)
USE = Use("11130371037100371Q", "svc-intake", FOOD, PURPOSE)


def grant(**terms: object) -> Grant:
    said = dataclasses.replace(TERMS, **terms)  # type: ignore[arg-type]
    return Grant(uuid4(), uuid4(), "FR-YYZZ-001", uuid4(), "11130371037106669W", "11130371037107039Y", said, NOW)


def test_a_use_within_the_terms_is_covered():
    grant().check(USE, TODAY)
    grant().check(dataclasses.replace(USE, fields=("name",), unmasked_fields=("legal_representative",)), TODAY)
    grant(item_codes=None).check(dataclasses.replace(USE, item_code=HOTEL), TODAY)


@pytest.mark.parametrize("day", [date(2025, 12, 31), date(2027, 1, 1)])
def test_a_grant_begins_and_ends_on_its_days(day: date):
    grant().check(USE, TERMS.valid_from)
    grant().check(USE, TERMS.valid_to)
    with pytest.raises(GrantNotInForce):
        grant().check(USE, day)


@pytest.mark.parametrize(
    ("use", "refusal"),
    [
        (dataclasses.replace(USE, purpose="企业画像分析"), PurposeNotGranted),
        (dataclasses.replace(USE, item_code=HOTEL), ItemNotGranted),
        (dataclasses.replace(USE, fields=("name", "registered_capital")), FieldsNotGranted),
        (dataclasses.replace(USE, unmasked_fields=("name",)), UnmaskingNotGranted),
    ],
)
def test_a_use_beyond_the_terms_is_refused_by_name(use: Use, refusal: type[NamedError]):
    with pytest.raises(refusal):
        grant().check(use, TODAY)


def test_a_revoked_grant_covers_nothing_and_is_revoked_once():
    given_ = grant()
    given_.revoke("使用目的已消失", NOW)
    with pytest.raises(GrantNotInForce):
        given_.check(USE, TODAY)
    with pytest.raises(GrantAlreadyRevoked):
        given_.revoke("再次", NOW)


def test_among_several_grants_the_one_that_covers_is_used():
    ended, other_purpose, right = grant(valid_to=date(2026, 2, 1)), grant(purpose="统计"), grant()
    assert covering([ended, other_purpose, right], USE, TODAY) is right


def test_the_refusal_is_that_of_the_grant_that_comes_closest():
    ended, narrow = grant(valid_to=date(2026, 2, 1)), grant(fields=("name",))
    wide = dataclasses.replace(USE, fields=("name", "state"))
    for order in ([ended, narrow], [narrow, ended]):
        with pytest.raises(FieldsNotGranted):
            covering(order, wide, TODAY)
    with pytest.raises(NoGrant):
        covering([], USE, TODAY)


@given(
    st.sets(st.sampled_from(FIELDS), min_size=1),
    st.sets(st.sampled_from([*FIELDS, "registered_capital"])),
)
def test_a_field_leaves_only_if_it_was_granted(granted: set[str], asked: set[str]):
    use = dataclasses.replace(USE, fields=tuple(asked))
    found = grant(fields=tuple(granted), unmasked_fields=())
    if asked <= granted:
        found.check(use, TODAY)
    else:
        with pytest.raises(FieldsNotGranted):
            found.check(use, TODAY)
