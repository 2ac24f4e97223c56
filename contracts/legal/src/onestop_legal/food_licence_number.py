"""食品经营许可证编号: JY and 14 digits, the last of them a check digit (食品经营许可和备案管理办法).

The digits are: subject category 1, region 6, serial 6, check 1. The check digit follows ISO 7064 MOD 11,10, as the
former national format for food licences does; general knowledge, not verified against the text of the standard.
"""

from onestop_legal.errors import NamedError

_DIGITS = 14


class InvalidFoodLicenceNumber(NamedError):
    """The text is no food licence number."""

    slug = "invalid-food-licence-number"
    title = "食品经营许可证编号不正确"
    status = 422


def check_digit(body: str) -> str:
    """Return the ISO 7064 MOD 11,10 check digit of a row of digits."""
    product = 10
    for digit in body:
        total = (product + int(digit)) % 10 or 10
        product = total * 2 % 11
    return str((11 - product) % 10)


def make(category: str, region: str, serial: int) -> str:
    """Return the number for a subject `category` (1 sale, 2 catering, 3 canteen), a `region` and a serial.

    Raises:
        InvalidFoodLicenceNumber: when a part does not fit.
    """
    if category not in {"1", "2", "3"} or not 1 <= serial <= 999_999 or len(region) != 6:  # noqa: PLR2004 - field widths
        raise InvalidFoodLicenceNumber
    body = f"{category}{region}{serial:06d}"
    return f"JY{body}{check_digit(body)}"


def parse(text: str) -> str:
    """Return the number in `text`; raises `InvalidFoodLicenceNumber`."""
    number = text.strip().upper()
    digits = number.removeprefix("JY")
    if not number.startswith("JY") or len(digits) != _DIGITS or not digits.isdigit() or not digits.isascii():
        raise InvalidFoodLicenceNumber("食品经营许可证编号应为 JY 加 14 位数字。")
    if check_digit(digits[:-1]) != digits[-1]:
        raise InvalidFoodLicenceNumber("食品经营许可证编号的校验位不符。")
    return number
