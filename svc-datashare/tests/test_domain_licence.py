"""How a registered licence stands on a day."""

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest

from onestop_legal.licence_identifier import LicenceIdentifier
from svc_datashare.licences.domain import Ending, Holder, Licence, Standing
from svc_datashare.resources.domain.resource import Agency

IDENTIFIER = LicenceIdentifier.make("11100000000013338W032", "11130371037100371Q", "JY11303710000019")
COMPANY = Holder(uuid4(), "legal", "91130371MA7001010P", "秦皇岛开发区山海食品有限公司")


def licence(holder: Holder = COMPANY, valid_to: date | None = date(2031, 3, 19)) -> Licence:
    return Licence(
        uuid4(), IDENTIFIER, "JY11303710000019", "食品经营许可证", holder, Agency("11130371037100371Q", "行政审批局"),
        "130371", "11130371037100371Q4000131001000", uuid4(), uuid4(), date(2026, 3, 20), date(2026, 3, 20),
        valid_to, "预包装食品销售", datetime(2026, 3, 20, 7, tzinfo=UTC),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("day", "standing"),
    [
        (date(2026, 3, 19), Standing.NOT_YET),
        (date(2026, 3, 20), Standing.VALID),
        (date(2031, 3, 19), Standing.VALID),
        (date(2031, 3, 20), Standing.EXPIRED),
    ],
)
def test_a_licence_stands_within_its_days(day: date, standing: Standing):
    assert licence().standing(day) is standing


def test_a_licence_without_end_does_not_expire():
    assert licence(valid_to=None).standing(date(2099, 1, 1)) is Standing.VALID


@pytest.mark.parametrize("ending", Ending)
def test_each_of_the_four_endings_shows_as_what_it_is_from_its_day_on(ending: Ending):
    found = licence()
    found.end(ending, date(2028, 5, 1), "《中华人民共和国行政许可法》第七十条")
    assert found.standing(date(2028, 4, 30)) is Standing.VALID
    assert found.standing(date(2028, 5, 1)).label == ending.label
    assert found.standing(date(2035, 1, 1)).label == ending.label


def test_a_companys_name_is_public_and_a_persons_masked():
    assert COMPANY.shown_name == "秦皇岛开发区山海食品有限公司"
    assert Holder(uuid4(), "natural", None, "李*").shown_name == "李*"
    assert Holder(uuid4(), "natural", None, "李明华").shown_name == "李**"
