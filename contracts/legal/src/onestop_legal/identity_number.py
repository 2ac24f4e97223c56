"""公民身份号码 (GB 11643-1999)."""

from datetime import date

from onestop_legal.errors import NamedError

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
_LENGTH = 18


class InvalidIdentityNumber(NamedError):
    """The text is no 公民身份号码: form, date of birth or check digit are wrong."""

    slug = "invalid-identity-number"
    title = "公民身份号码不正确"
    status = 422


class IdentityNumber(str):
    """A valid 公民身份号码; personal data, never shown whole, never in logs or events."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> "IdentityNumber":
        """Return the number in `text`, with an upper-case X; raises `InvalidIdentityNumber`."""
        number = text.strip().upper()
        if len(number) != _LENGTH or not text.isascii() or not number[:17].isdigit():
            raise InvalidIdentityNumber("公民身份号码应为 18 位（末位可为 X）。")
        try:
            date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
        except ValueError as error:
            raise InvalidIdentityNumber("公民身份号码中的出生日期不存在。") from error
        if cls.check_character(number[:17]) != number[17]:
            raise InvalidIdentityNumber("公民身份号码的校验码不符，请核对。")
        return cls(number)

    @staticmethod
    def check_character(body: str) -> str:
        """Return the check character of the first 17 digits."""
        return _CHECK[sum(int(c) * w for c, w in zip(body, _WEIGHTS, strict=True)) % 11]

    @property
    def birthday(self) -> date:
        """The date of birth."""
        return date(int(self[6:10]), int(self[10:12]), int(self[12:14]))

    @property
    def masked(self) -> str:
        """The number as it may be shown: first and last character."""
        return f"{self[0]}{'*' * 16}{self[-1]}"

    def __repr__(self) -> str:
        """Show nothing of it, so that no log or traceback does."""
        return "IdentityNumber(…)"
