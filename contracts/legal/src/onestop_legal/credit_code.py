"""统一社会信用代码 (GB 32100-2015) and 组织机构代码 (GB 11714-1997)."""

from onestop_legal.errors import NamedError

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_VALUE = {character: value for value, character in enumerate(ALPHABET)}
_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_LENGTH = 18
_ORGANISATION_LENGTH = 9


class InvalidCreditCode(NamedError):
    """The text is no 统一社会信用代码: length, characters or check digit are wrong."""

    slug = "invalid-credit-code"
    title = "统一社会信用代码不正确"
    status = 422


class InvalidOrganisationCode(NamedError):
    """The text is no 组织机构代码."""

    slug = "invalid-organisation-code"
    title = "组织机构代码不正确"
    status = 422


class OrganisationCode(str):
    """A valid 组织机构代码: eight characters and a check character."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> "OrganisationCode":
        """Return the code in `text`, upper-cased, without the dash; raises `InvalidOrganisationCode`."""
        code = text.strip().upper().replace("-", "")
        if len(code) != _ORGANISATION_LENGTH or not text.isascii() or not code.isalnum():
            raise InvalidOrganisationCode("组织机构代码应为 9 位数字或字母。")
        if cls.check_character(code[:8]) != code[8]:
            raise InvalidOrganisationCode("组织机构代码的校验码不符。")
        return cls(code)

    @staticmethod
    def check_character(body: str) -> str:
        """Return the check character of eight characters; letters count A=10 … Z=35."""
        rest = 11 - sum(int(c, 36) * w for c, w in zip(body, _ORGANISATION_WEIGHTS, strict=True)) % 11
        return {10: "X", 11: "0"}.get(rest, str(rest))


class CreditCode(str):
    """A valid 统一社会信用代码."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> "CreditCode":
        """Return the code in `text`, upper-cased.

        Raises:
            InvalidCreditCode: when its length, its characters, the organisation code inside or the check
                character are wrong.
        """
        code = text.strip().upper()
        if len(code) != _LENGTH:
            raise InvalidCreditCode("统一社会信用代码应为 18 位。")
        if not text.isascii() or any(character not in _VALUE for character in code):
            raise InvalidCreditCode("统一社会信用代码含有不允许的字符（不使用 I、O、S、V、Z）。")
        if cls.check_character(code[:17]) != code[17]:
            raise InvalidCreditCode("统一社会信用代码的校验码不符，请核对。")
        if OrganisationCode.check_character(code[8:16]) != code[16]:
            raise InvalidCreditCode("统一社会信用代码中的组织机构代码校验码不符，请核对。")
        return cls(code)

    @staticmethod
    def check_character(body: str) -> str:
        """Return the check character of the first 17 characters."""
        total = sum(_VALUE[c] * w for c, w in zip(body, _WEIGHTS, strict=True))
        return ALPHABET[(31 - total % 31) % 31]

    @classmethod
    def make(cls, category: str, region: str, organisation: str) -> "CreditCode":
        """Return the code of `category` (2), `region` (6) and the 8 characters of the organisation.

        Raises:
            InvalidCreditCode: when a part has another length or other characters.
        """
        if not organisation.isascii() or len(organisation) != _ORGANISATION_LENGTH - 1 or not organisation.isalnum():
            raise InvalidCreditCode("组织机构代码本体应为 8 位数字或字母。")
        body = f"{category}{region}{organisation}{OrganisationCode.check_character(organisation)}"
        if len(body) != _LENGTH - 1 or any(character not in _VALUE for character in body):
            raise InvalidCreditCode
        return cls(body + cls.check_character(body))

    @property
    def organisation(self) -> OrganisationCode:
        """The organisation code inside."""
        return OrganisationCode(self[8:17])
