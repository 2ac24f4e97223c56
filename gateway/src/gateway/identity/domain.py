"""Registering, and being known more surely: what somebody says of himself, and what proves it."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from onestop_legal.codes import CodeList
from onestop_legal.errors import FieldError, FieldErrors, NamedError
from onestop_legal.identity_number import IdentityNumber, InvalidIdentityNumber

_USERNAME: Final = re.compile(r"[a-z][a-z0-9._-]{2,31}")
_DOTS: Final = str.maketrans("•・‧∙", "····")
_BETWEEN_NAMES: Final = frozenset("· '-.")
_NAME_LENGTHS: Final = range(2, 51)


class Level(IntEnum):
    """How surely a person is known 实名级别; a number verified at `REAL_NAME` or above belongs to one account."""

    SELF_DECLARED = 0
    PHONE = 1
    REAL_NAME = 2
    IN_PERSON = 3


class LookUpPurpose(CodeList):
    """Why a clerk looks somebody up by his identity number."""

    VERIFICATION = "verification", "当面核验身份"
    RECOVERY = "recovery", "协助找回账号"
    CONSULTATION = "consultation", "窗口咨询"


class UsernameTaken(NamedError):
    """Somebody else signs in with this name."""

    slug = "username-taken"
    title = "该用户名已被使用，请换一个"
    status = 409

    @property
    def errors(self) -> Sequence[FieldError]:
        """Point at the name."""
        return (FieldError("/username", self.slug, self.detail),)


class IdentityKnown(NamedError):
    """The identity number was verified for another account."""

    slug = "identity-known"
    title = "该身份已在另一个账号完成实名认证，请使用那个账号，或到综合窗口办理"
    status = 409


class IdentityDiffers(NamedError):
    """What was shown is not what was verified for the account before."""

    slug = "identity-differs"
    title = "与该账号已核验的身份信息不一致"
    status = 409


class PersonNotFound(NamedError):
    """There is no such person."""

    slug = "person-not-found"
    title = "没有这个人"
    status = 404


@dataclass(frozen=True, slots=True)
class Facts:
    """Name and identity number as a document states them."""

    name: str
    identity_number: IdentityNumber

    @classmethod
    def read(cls, name: str, identity_number: str) -> "Facts":
        """Return what was typed, in one form; raises `FieldErrors`."""
        wrong: list[FieldError] = []
        facts = cls(read_name(name, wrong), read_number(identity_number, wrong))
        if wrong:
            raise FieldErrors(wrong)
        return facts


@dataclass(frozen=True, slots=True)
class Identity:
    """As whom an account is known.

    Attributes:
        name: declared, or verified from `REAL_NAME` on.
        identity_number: the same; None where none was ever given.
    """

    level: Level
    name: str
    identity_number: IdentityNumber | None

    def require_fits(self, shown: Facts) -> None:
        """Do nothing when `shown` may be verified for the account: what was only declared gives way to what is proved.

        Raises:
            IdentityDiffers: when something else was verified before.
        """
        if self.level >= Level.REAL_NAME and (self.name, self.identity_number) != (shown.name, shown.identity_number):
            raise IdentityDiffers


@dataclass(frozen=True, slots=True)
class Registration:
    """What somebody who registers says of himself."""

    username: str
    facts: Facts

    @classmethod
    def read(cls, username: str, name: str, identity_number: str) -> "Registration":
        """Return what was typed, in one form; raises `FieldErrors` with every wrong place."""
        wrong: list[FieldError] = []
        typed = username.strip().lower()
        if not _USERNAME.fullmatch(typed):
            text = "用户名为 3 至 32 个字符：小写字母开头，可含数字、点、横线和下划线"
            wrong.append(FieldError("/username", "wrong-format", text))
        facts = Facts(read_name(name, wrong), read_number(identity_number, wrong))
        if wrong:
            raise FieldErrors(wrong)
        return cls(typed, facts)


def read_name(text: str, wrong: list[FieldError]) -> str:
    """Return a person's name with one kind of middle dot and of space; notes in `wrong` what cannot be one."""
    name = " ".join(unicodedata.normalize("NFKC", text).translate(_DOTS).split())
    letters = all(character.isalpha() or character in _BETWEEN_NAMES for character in name)
    if len(name) not in _NAME_LENGTHS or not letters or not name[0].isalpha():
        wrong.append(FieldError("/name", "wrong-format", "请填写证件上的姓名，2 至 50 个字"))
    return name


def read_number(text: str, wrong: list[FieldError]) -> IdentityNumber:
    """Return an identity number; notes in `wrong` what cannot be one."""
    try:
        return IdentityNumber.parse(text)
    except InvalidIdentityNumber as error:
        wrong.append(FieldError("/identity_number", error.slug, error.detail))
        return IdentityNumber()
