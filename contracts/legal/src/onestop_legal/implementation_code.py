"""实施编码: the code of an implementation, and the case number made of it.

Two profiles: the national one of 31 characters, whose parts are checked, and a free one for what other provinces
print. Dashes only set groups apart in print; a code is stored without them, and then even the longest printed form
known (55 characters) keeps within 50.
"""

from dataclasses import dataclass
from datetime import date

from onestop_legal.codes import CodeList
from onestop_legal.credit_code import CreditCode
from onestop_legal.errors import NamedError

NATIONAL_LENGTH = 31
LONGEST = 50
_CREDIT_CODE = 18
_LEVELS = "1234567"


class InvalidImplementationCode(NamedError):
    """The text is no implementation code of its profile."""

    slug = "invalid-implementation-code"
    title = "实施编码不正确"
    status = 422


class Profile(CodeList):
    """Which rules a code follows."""

    NATIONAL = "national", "国家标准（31 位）"
    FREE = "free", "其他编码"


@dataclass(frozen=True, slots=True)
class ImplementationCode:
    """A code of the national profile.

    Attributes:
        agency: credit code of the agency that implements the item (18 characters).
        level: a code of `ExerciseLevel`.
        base_code: base item: province 2, item type 2, sector 2, main item 3, sub item 3.
    """

    agency: CreditCode
    level: str
    base_code: str

    @classmethod
    def parse(cls, text: str) -> "ImplementationCode":
        """Return the parts of a code of the national profile; raises `InvalidImplementationCode`."""
        code = _stored(text).upper()
        if len(code) != NATIONAL_LENGTH or not code.isalnum():
            raise InvalidImplementationCode("国家标准的实施编码应为 31 位数字或字母。")
        try:
            agency = CreditCode.parse(code[:_CREDIT_CODE])
        except NamedError as error:
            raise InvalidImplementationCode(f"实施编码前 18 位：{error.detail}") from error
        if code[_CREDIT_CODE] not in _LEVELS:
            raise InvalidImplementationCode("实施编码第 19 位（行使层级）应为 1 至 7。")
        return cls(agency, code[_CREDIT_CODE], code[_CREDIT_CODE + 1 :])

    @property
    def province(self) -> str:
        """The province whose base catalogue the item is in, for example 13."""
        return self.base_code[:2]

    @property
    def item_type(self) -> str:
        """The item's type, a code of `ItemType` or an extension of it."""
        return self.base_code[2:4]

    def __str__(self) -> str:
        """Return the code as it is stored."""
        return f"{self.agency}{self.level}{self.base_code}"


def check_free_form(text: str) -> str:
    """Return a code of the free profile as it is stored, without dashes: 1 to 50 visible ASCII characters.

    Raises:
        InvalidImplementationCode: when it is empty, longer, or has other characters.
    """
    code = _stored(text)
    if not 1 <= len(code) <= LONGEST or not code.isprintable() or " " in code:
        raise InvalidImplementationCode(f"实施编码除连字符外应为 1 至 {LONGEST} 位字母或数字。")
    return code


def parse(text: str, profile: Profile) -> str:
    """Return the code as it is stored, checked by its profile; raises `InvalidImplementationCode`."""
    return str(ImplementationCode.parse(text)) if profile is Profile.NATIONAL else check_free_form(text)


def profile_of(text: str) -> Profile:
    """Return the stricter profile that `text` keeps; raises `InvalidImplementationCode` when it keeps none."""
    check_free_form(text)
    try:
        ImplementationCode.parse(text)
    except InvalidImplementationCode:
        return Profile.FREE
    return Profile.NATIONAL


def case_number(code: str, day: date, number: int) -> str:
    """Return the case number 办件编号: implementation code + YYYYMMDD + at least four digits.

    A day with more than 9,999 cases of one item has longer numbers: 9,999 is not a wall.

    Raises:
        ValueError: when `number`, the how-manieth case of that day, is less than 1.
    """
    if number < 1:
        raise ValueError("case numbers of a day start at 1")
    return f"{code}{day:%Y%m%d}{number:04d}"


def _stored(text: str) -> str:
    code = text.strip().replace("-", "")
    if not code.isascii():
        raise InvalidImplementationCode("实施编码只能使用半角字母、数字和连字符。")
    return code
