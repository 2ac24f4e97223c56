"""实施编码: the code of an implementation, and the case number made of it."""

from dataclasses import dataclass
from datetime import date

from onestop_legal.credit_code import CreditCode
from onestop_legal.errors import NamedError

NATIONAL_LENGTH = 31
LONGEST = 50
_CREDIT_CODE = 18


class InvalidImplementationCode(NamedError):
    """The text is no implementation code of its profile."""

    slug = "invalid-implementation-code"
    title = "实施编码不正确"
    status = 422


@dataclass(frozen=True, slots=True)
class ImplementationCode:
    """A code of the national profile: 18 (credit code of the agency) + 1 (level) + 12 (base code)."""

    agency: CreditCode
    level: str
    base_code: str

    @classmethod
    def parse(cls, text: str) -> "ImplementationCode":
        """Return the parts of a code of the national profile; raises `InvalidImplementationCode`."""
        code = text.strip().upper()
        if len(code) != NATIONAL_LENGTH or not code.isascii() or not code.isalnum():
            raise InvalidImplementationCode("国家标准的实施编码应为 31 位数字或字母。")
        try:
            agency = CreditCode.parse(code[:_CREDIT_CODE])
        except NamedError as error:
            raise InvalidImplementationCode(f"实施编码前 18 位：{error.detail}") from error
        if code[_CREDIT_CODE] not in "1234567":
            raise InvalidImplementationCode("实施编码第 19 位（行使层级）应为 1 至 7。")
        return cls(agency, code[_CREDIT_CODE], code[_CREDIT_CODE + 1 :])

    def __str__(self) -> str:
        """Return the code as it is written."""
        return f"{self.agency}{self.level}{self.base_code}"


def check_free_form(text: str) -> str:
    """Return a code of another province's profile, trimmed: up to 50 visible ASCII characters.

    Raises:
        InvalidImplementationCode: when it is empty, longer, or has other characters.
    """
    code = text.strip()
    if not code or len(code) > LONGEST or not code.isascii() or not code.isprintable() or " " in code:
        raise InvalidImplementationCode(f"实施编码应为 1 至 {LONGEST} 位字母、数字或连字符。")
    return code


def case_number(code: str, day: date, number: int) -> str:
    """Return the case number 办件编号: implementation code + YYYYMMDD + at least four digits.

    A day with more than 9,999 cases of one item has longer numbers: 9,999 is not a wall.
    """
    if number < 1:
        raise ValueError("case numbers of a day start at 1")
    return f"{code}{day:%Y%m%d}{number:04d}"
