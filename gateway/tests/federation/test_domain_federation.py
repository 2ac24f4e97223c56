"""Whom another's provider vouches for, and which accounts the number alone may link."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.federation.domain import AlreadyLinked, NotLinkedAgain, NotVerifiedUpstream, Standing, Stated
from gateway.identity.domain import Facts, Level
from onestop_legal.errors import NamedError

FACTS = Facts.read("赵晓梅", "130371198803171020")
STATED = Stated(
    provider="hebei",
    issuer="https://province.test",
    subject="s-1",
    level=Level.REAL_NAME,
    facts=FACTS,
    phone=None,
    session=None,
    signed_in_at=datetime(2026, 3, 2, tzinfo=UTC),
    second_factor=False,
    id_token="",
)


@pytest.mark.parametrize("level", [Level.REAL_NAME, Level.IN_PERSON])
def test_a_provider_vouches_for_name_and_number_from_real_name_on(level: Level):
    assert replace(STATED, level=level).require_verified() == FACTS


@pytest.mark.parametrize(
    "stated",
    [replace(STATED, level=Level.PHONE), replace(STATED, level=Level.SELF_DECLARED), replace(STATED, facts=None)],
)
def test_what_is_only_declared_says_nobody_who_somebody_is(stated: Stated):
    assert stated.verified is None
    with pytest.raises(NotVerifiedUpstream):
        stated.require_verified()


@pytest.mark.parametrize(
    ("standing", "free", "findable"),
    [
        (Standing(linked=False, unlinked=False), None, None),
        (Standing(linked=False, unlinked=True), None, NotLinkedAgain),
        (Standing(linked=True, unlinked=False), AlreadyLinked, AlreadyLinked),
        (Standing(linked=True, unlinked=True), AlreadyLinked, AlreadyLinked),
    ],
)
def test_an_account_has_one_identity_of_a_provider_and_its_owner_alone_brings_a_link_back(
    standing: Standing, free: type[NamedError] | None, findable: type[NamedError] | None
):
    for rule, refusal in ((standing.require_free, free), (standing.require_findable, findable)):
        if refusal is None:
            rule()
        else:
            with pytest.raises(refusal):
                rule()
