"""食品经营许可证编号: JY and 14 digits (食品经营许可和备案管理办法, 市场监管总局令 78).

The digits are: kind of business 主体业态 1, region 6, serial 6, check digit 1. The regulation names the check digit and
not its algorithm. ISO 7064 MOD 11,10 (GB/T 17710) is general knowledge, not taken from a text; it holds for published
numbers of Beijing, Shanghai, Zhejiang and Henan, and does not for some of Shanxi. So numbers are made with it, and a
number from elsewhere is judged by its form only.
"""

from onestop_legal.codes import CodeList
from onestop_legal.errors import NamedError

_DIGITS = 14
_REGION = 6
_MOST = 999_999


class InvalidFoodLicenceNumber(NamedError):
    """The text is no food licence number."""

    slug = "invalid-food-licence-number"
    title = "食品经营许可证编号不正确"
    status = 422


class BusinessKind(CodeList):
    """主体业态."""

    SALES = "1", "食品销售经营者"
    CATERING = "2", "餐饮服务经营者"
    CANTEEN = "3", "集中用餐单位食堂"


def check_digit(body: str) -> str:
    """Return the ISO 7064 MOD 11,10 check digit of a row of ASCII digits."""
    product = 10
    for digit in body:
        total = (product + int(digit)) % 10 or 10
        product = total * 2 % 11
    return str((11 - product) % 10)


def make(category: str, region: str, serial: int) -> str:
    """Return the number for a `BusinessKind`, a `region` (6 digits) and a serial from 1 to 999,999.

    Raises:
        InvalidFoodLicenceNumber: when a part does not fit.
    """
    if category not in set(BusinessKind):
        raise InvalidFoodLicenceNumber("主体业态代码应为 1、2 或 3。")
    if len(region) != _REGION or not _are_digits(region):
        raise InvalidFoodLicenceNumber("行政区划代码应为 6 位数字。")
    if not 1 <= serial <= _MOST:
        raise InvalidFoodLicenceNumber(f"顺序码应在 1 至 {_MOST} 之间。")
    body = f"{category}{region}{serial:06d}"
    return f"JY{body}{check_digit(body)}"


def parse(text: str) -> str:
    """Return the number made here that `text` writes, upper-cased; raises `InvalidFoodLicenceNumber`."""
    number = parse_form(text)
    if check_digit(number[2:-1]) != number[-1]:
        raise InvalidFoodLicenceNumber("食品经营许可证编号的校验位不符。")
    return number


def parse_form(text: str) -> str:
    """Return the number of any region that `text` writes, its check digit unseen; raises `InvalidFoodLicenceNumber`."""
    number = text.strip().upper()
    digits = number.removeprefix("JY")
    if not number.startswith("JY") or len(digits) != _DIGITS or not _are_digits(digits):
        raise InvalidFoodLicenceNumber("食品经营许可证编号应为 JY 加 14 位数字。")
    return number


def _are_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
