"""One-time codes 验证码: what they are for, how long they are good."""

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from onestop_legal.errors import NamedError

CODE_LIFETIME: Final = timedelta(minutes=5)
PROOF_LIFETIME: Final = timedelta(minutes=30)
"""How long what a right code has proved may be used: time enough to fill in a form."""
TRIES: Final = 5
"""Wrong ones that a code bears."""
_DIGITS: Final = 6

_PHONE = re.compile(r"1[3-9][0-9]{9}")


class Purpose(StrEnum):
    """What a code is good for, and nothing else."""

    REGISTER = "register"
    SIGN_IN = "sign-in"
    RECOVER = "recover"
    CHANGE_PHONE = "change-phone"
    MANDATE = "mandate"

    @property
    def text(self) -> str:
        """What the person is told that the code is for."""
        return _TEXTS[self]


_TEXTS: Final = {
    Purpose.REGISTER: "注册账号",
    Purpose.SIGN_IN: "登录",
    Purpose.RECOVER: "找回账号",
    Purpose.CHANGE_PHONE: "更换手机号码",
    Purpose.MANDATE: "同意他人代您办理",
}


class InvalidPhone(NamedError):
    """The text is no mobile phone number of the mainland."""

    slug = "invalid-phone"
    title = "手机号码应为 11 位数字"
    status = 422
    pointer = "/phone"


class WrongCode(NamedError):
    """The code is wrong, too old, used, was for something else, or too many wrong ones were tried."""

    slug = "wrong-code"
    title = "验证码不正确或已失效，请核对或重新获取"
    status = 422


@dataclass(frozen=True, slots=True)
class Proof:
    """That somebody holds a phone.

    Attributes:
        phone: 11 digits.
        person_id: for whom the code was asked, where that was known.
    """

    phone: str
    person_id: UUID | None


def phone_number(text: str) -> str:
    """Return the 11 digits of a mobile phone number, spaces, dashes and +86 left out; raises `InvalidPhone`."""
    digits = re.sub(r"[\s-]", "", text).removeprefix("+86")
    if not _PHONE.fullmatch(digits):
        raise InvalidPhone
    return digits


def code_of(number: int) -> str:
    """Return a random number as a code."""
    return f"{number % 10**_DIGITS:0{_DIGITS}d}"
