"""Codes and numbers: the vectors run, and a wrong character does not get through."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onestop_legal import food_licence_number, implementation_code
from onestop_legal.codes import (
    ExerciseLevel,
    ItemState,
    ItemType,
    MaterialNeed,
    MaterialSource,
    Satisfaction,
    is_item_type,
)
from onestop_legal.credit_code import ALPHABET, CreditCode, InvalidCreditCode, InvalidOrganisationCode, OrganisationCode
from onestop_legal.food_licence_number import InvalidFoodLicenceNumber
from onestop_legal.identity_number import IdentityNumber, InvalidIdentityNumber
from onestop_legal.implementation_code import (
    ImplementationCode,
    InvalidImplementationCode,
    Profile,
    case_number,
    check_free_form,
    profile_of,
)
from onestop_legal.licence_identifier import InvalidLicenceIdentifier, LicenceIdentifier

IDENTITY = "11010519491231002X"
LICENCE = "1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.F"
CREDIT_CODES = ["91130371MA7001010P", "91130371MA70083272", "11130371037100371Q", "1113037103710185X1"]


def test_the_standards_identity_number_is_valid_in_either_case():
    assert IdentityNumber.parse(IDENTITY) == IDENTITY
    assert IdentityNumber.parse(IDENTITY.lower()) == IDENTITY
    assert IdentityNumber.parse(IDENTITY).birthday == date(1949, 12, 31)


@pytest.mark.parametrize(
    "text", ["", "1101051949123100", "11010519490231002X", "110105194912310021", "1101051949123１002X"]
)
def test_a_wrong_identity_number_is_refused(text: str):
    with pytest.raises(InvalidIdentityNumber):
        IdentityNumber.parse(text)


def test_an_identity_number_shows_itself_neither_masked_nor_in_a_traceback():
    number = IdentityNumber.parse(IDENTITY)
    assert number.masked == "1****************X"
    assert IDENTITY not in repr(number)


@given(position=st.integers(0, 16), digit=st.sampled_from("0123456789"))
def test_one_wrong_digit_of_an_identity_number_is_found(position: int, digit: str):
    text = IDENTITY[:position] + digit + IDENTITY[position + 1 :]
    if text == IDENTITY:
        assert IdentityNumber.parse(text) == IDENTITY
        return
    with pytest.raises(InvalidIdentityNumber):
        IdentityNumber.parse(text)


@pytest.mark.parametrize("code", [*CREDIT_CODES, "11440100007482575H"])
def test_real_and_made_credit_codes_are_valid(code: str):
    assert CreditCode.parse(code.lower()) == code
    assert CreditCode.parse(code).organisation == code[8:17]


@given(code=st.sampled_from(CREDIT_CODES), position=st.integers(0, 17), character=st.sampled_from(ALPHABET))
def test_one_wrong_character_of_a_credit_code_is_found(code: str, position: int, character: str):
    text = code[:position] + character + code[position + 1 :]
    if text == code:
        assert CreditCode.parse(text) == code
        return
    with pytest.raises(InvalidCreditCode):
        CreditCode.parse(text)


@pytest.mark.parametrize("text", ["", "91130371MA7001010", "91130371MA700101OP", "91130371MA7001010P0"])
def test_a_credit_code_of_a_wrong_form_is_refused(text: str):
    with pytest.raises(InvalidCreditCode):
        CreditCode.parse(text)


@given(
    category=st.sampled_from(["11", "91", "93", "52"]),
    region=st.from_regex(r"[1-9][0-9]{5}", fullmatch=True),
    body=st.from_regex(r"[0-9A-HJ-NP-RT-UW-Y]{8}", fullmatch=True),
)
def test_a_made_credit_code_is_valid(category: str, region: str, body: str):
    code = CreditCode.make(category, region, body)
    assert CreditCode.parse(code) == code


def test_an_organisation_code_may_carry_its_dash():
    assert OrganisationCode.parse("MA700101-0") == "MA7001010"
    with pytest.raises(InvalidOrganisationCode):
        OrganisationCode.parse("MA7001011")
    with pytest.raises(InvalidOrganisationCode):
        OrganisationCode.parse("MA70010")


def test_the_published_licence_identifier_is_valid_and_written_back():
    identifier = LicenceIdentifier.parse(LICENCE)
    assert str(identifier) == LICENCE
    assert (identifier.issuer, identifier.serial, identifier.version) == ("11220000013544541J", "2430599", "001")


@given(position=st.integers(15, len(LICENCE) - 1), character=st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
def test_one_wrong_character_of_a_licence_identifier_is_found(position: int, character: str):
    if LICENCE[position] in {".", character}:
        return
    with pytest.raises(InvalidLicenceIdentifier):
        LicenceIdentifier.parse(LICENCE[:position] + character + LICENCE[position + 1 :])


@pytest.mark.parametrize("text", ["", "1.2.156", LICENCE[:-2], "2" + LICENCE[1:], LICENCE + ".1"])
def test_a_licence_identifier_of_a_wrong_form_is_refused(text: str):
    with pytest.raises(InvalidLicenceIdentifier):
        LicenceIdentifier.parse(text)


def test_a_real_implementation_code_falls_into_its_parts():
    code = ImplementationCode.parse("11440100007482575H3440118009000")
    assert (code.agency, code.level, code.base_code) == ("11440100007482575H", "3", "440118009000")
    assert str(code) == "11440100007482575H3440118009000"


@pytest.mark.parametrize(
    "text", ["11440100007482575H344011800900", "11440100007482575X3440118009000", "11440100007482575H9440118009000"]
)
def test_a_wrong_implementation_code_is_refused(text: str):
    with pytest.raises(InvalidImplementationCode):
        ImplementationCode.parse(text)


def test_a_code_tells_its_province_and_type():
    code = ImplementationCode.parse("11440100007482575H3440118009000")
    assert (code.province, code.item_type, ExerciseLevel(code.level).label) == ("44", "01", "市级")


def test_the_longest_printed_code_fits_without_its_dashes():
    printed = "511A0138000000-511602000000-000-115113010833722043-1-00"
    assert check_free_form(f" {printed} ") == "511A013800000051160200000000011511301083372204310" + "0"
    assert len(check_free_form(printed)) == 50


@pytest.mark.parametrize("text", ["", "-", "x" * 51, "有字", "a b", "a\tb", "511Ａ0138"])
def test_what_is_no_code_in_any_profile_is_refused(text: str):
    with pytest.raises(InvalidImplementationCode):
        check_free_form(text)
    with pytest.raises(InvalidImplementationCode):
        profile_of(text)


def test_a_code_is_checked_by_its_profile():
    national, free = "11440100007482575h-3-440118009000", "1J-5100-00027-511602000000-000-11511301008778386B-1-00"
    assert implementation_code.parse(national, Profile.NATIONAL) == "11440100007482575H3440118009000"
    assert (profile_of(national), profile_of(free)) == (Profile.NATIONAL, Profile.FREE)
    with pytest.raises(InvalidImplementationCode):
        implementation_code.parse(free, Profile.NATIONAL)
    assert implementation_code.parse(free, Profile.FREE) == free.replace("-", "")


def test_nine_thousand_nine_hundred_ninety_nine_is_not_a_wall():
    code = "11440100007482575H3440118009000"
    assert case_number(code, date(2026, 3, 9), 1) == f"{code}202603090001"
    assert case_number(code, date(2026, 3, 9), 9999) == f"{code}202603099999"
    assert case_number(code, date(2026, 3, 9), 10000) == f"{code}2026030910000"
    with pytest.raises(ValueError, match="start at 1"):
        case_number(code, date(2026, 3, 9), 0)


@given(category=st.sampled_from("123"), serial=st.integers(1, 999_999))
def test_a_food_licence_number_is_valid_and_one_wrong_digit_is_found(category: str, serial: int):
    number = food_licence_number.make(category, "130371", serial)
    assert food_licence_number.parse(number) == number
    for position in range(2, 16):
        wrong = number[:position] + str((int(number[position]) + 1) % 10) + number[position + 1 :]
        with pytest.raises(InvalidFoodLicenceNumber):
            food_licence_number.parse(wrong)


@pytest.mark.parametrize("number", ["JY13301080111719", "JY13101060025900", "JY24107110024586", "JY11117051464030"])
def test_published_food_licence_numbers_have_this_check_digit(number: str):
    assert food_licence_number.parse(number.lower()) == number


def test_a_number_of_a_region_with_another_check_digit_is_judged_by_its_form():
    with pytest.raises(InvalidFoodLicenceNumber):
        food_licence_number.parse("JY11408020030619")
    assert food_licence_number.parse_form("JY11408020030619") == "JY11408020030619"


@pytest.mark.parametrize(
    "text", ["", "JY", "SC13301080111719", "JY1330108011171", "JY1330108011171９", "JY1330108011171A"]
)
def test_a_food_licence_number_of_a_wrong_form_is_refused(text: str):
    with pytest.raises(InvalidFoodLicenceNumber):
        food_licence_number.parse_form(text)


@pytest.mark.parametrize(
    ("category", "region", "serial"),
    [("4", "130371", 1), ("1", "13037", 1), ("1", "13037x", 1), ("1", "130371", 0), ("1", "130371", 1_000_000)],
)
def test_a_food_licence_number_is_made_only_of_parts_that_fit(category: str, region: str, serial: int):
    with pytest.raises(InvalidFoodLicenceNumber):
        food_licence_number.make(category, region, serial)


@pytest.mark.parametrize(
    ("category", "region", "body"),
    [
        ("91", "13037", "MA700101"),
        ("9I", "130371", "MA700101"),
        ("91", "130371", "MA70010"),
        ("91", "130371", "MA70010中"),
    ],
)
def test_a_credit_code_is_made_only_of_parts_that_fit(category: str, region: str, body: str):
    with pytest.raises(InvalidCreditCode):
        CreditCode.make(category, region, body)


def test_letters_that_only_become_ascii_in_upper_case_are_refused():
    code = OrganisationCode.parse("SA700101" + OrganisationCode.check_character("SA700101"))
    with pytest.raises(InvalidOrganisationCode):
        OrganisationCode.parse(code.replace("S", "ſ"))
    identifier = str(LicenceIdentifier.make("11100000000013338W032", "11220000013544541J", "I7"))
    assert LicenceIdentifier.parse(identifier).serial == "I7"
    with pytest.raises(InvalidLicenceIdentifier):
        LicenceIdentifier.parse(identifier.replace("I", "ı"))


def test_extensions_of_the_item_types_are_types_too():
    assert all(is_item_type(item_type) for item_type in ItemType)
    assert is_item_type("11")
    assert is_item_type("21")
    assert not any(is_item_type(wrong) for wrong in ("", "1", "00", "011", "1x", "１１"))


def test_code_lists_carry_the_standards_codes_and_names():
    assert (ItemType("01").label, ItemType("20").label) == ("行政许可", "公共服务")
    assert len(ItemType) == 11
    assert ItemState.SUSPENDED == "2"
    assert MaterialNeed("3").label == "容缺后补"
    assert [str(source) for source in MaterialSource] == ["10", "20", "99"]
    assert Satisfaction("1").label == "非常满意"
