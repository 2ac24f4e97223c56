"""电子证照标识 (C 0228 / GB/T 36905 family): `1.2.156.3005.2.<type>.<issuer>.<serial>.<version>.<check>`.

The check character follows ISO 7064 MOD 37,36 over what comes after the root, dots removed.
"""

from dataclasses import dataclass

from onestop_legal.errors import NamedError

ROOT = "1.2.156.3005.2"
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_VALUE = {character: value for value, character in enumerate(_ALPHABET)}
_TYPE_LENGTH = 21
_ISSUER_LENGTH = 18
_VERSION_LENGTH = 3


class InvalidLicenceIdentifier(NamedError):
    """The text is no licence identifier: form or check character are wrong."""

    slug = "invalid-licence-identifier"
    title = "电子证照标识不正确"
    status = 422


def check_character(text: str) -> str:
    """Return the ISO 7064 MOD 37,36 check character of `text` (digits and capital letters)."""
    product = 36
    for character in text:
        total = (product + _VALUE[character]) % 36 or 36
        product = total * 2 % 37
    return _ALPHABET[(37 - product) % 36]


@dataclass(frozen=True, slots=True)
class LicenceIdentifier:
    """An electronic licence's identifier.

    Attributes:
        licence_type: 21 characters: who defined the type (18) and its number (3).
        issuer: credit code of the issuing agency.
        serial: the issuer's number of the licence.
        version: three characters, `001` for the first.
    """

    licence_type: str
    issuer: str
    serial: str
    version: str

    def __post_init__(self) -> None:
        """Refuse parts of a wrong form."""
        lengths = ((self.licence_type, _TYPE_LENGTH), (self.issuer, _ISSUER_LENGTH), (self.version, _VERSION_LENGTH))
        wrong = any(len(part) != length for part, length in lengths) or not self.serial
        if wrong or any(character not in _VALUE for character in self._body):
            raise InvalidLicenceIdentifier("电子证照标识应由 21 位类型、18 位颁发机构、流水号和 3 位版本组成。")

    @classmethod
    def make(cls, licence_type: str, issuer: str, serial: str, version: str = "001") -> "LicenceIdentifier":
        """Return the identifier of these parts; raises `InvalidLicenceIdentifier`."""
        return cls(licence_type, issuer, serial, version)

    @classmethod
    def parse(cls, text: str) -> "LicenceIdentifier":
        """Return the identifier that `text` writes; raises `InvalidLicenceIdentifier`."""
        prefix, _, rest = text.strip().upper().partition(f"{ROOT}.")
        parts = rest.split(".")
        if prefix or not text.isascii() or len(parts) != 5:  # noqa: PLR2004 - type, issuer, serial, version, check
            raise InvalidLicenceIdentifier(f"电子证照标识应以 {ROOT}. 开头，其后为五段。")
        identifier = cls(*parts[:4])
        if identifier.check != parts[4]:
            raise InvalidLicenceIdentifier("电子证照标识的校验位不符。")
        return identifier

    @property
    def _body(self) -> str:
        return f"{self.licence_type}{self.issuer}{self.serial}{self.version}"

    @property
    def check(self) -> str:
        """The check character over what follows the root, dots removed."""
        return check_character(self._body)

    def __str__(self) -> str:
        """Return the identifier as it is written."""
        return f"{ROOT}.{self.licence_type}.{self.issuer}.{self.serial}.{self.version}.{self.check}"
