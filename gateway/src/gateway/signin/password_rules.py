"""Which passwords are taken: long enough and not easily guessed, whatever they are made of (NIST SP 800-63B)."""

import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import Final

from xpinyin import Pinyin
from zxcvbn_rs_py import zxcvbn

from onestop_legal.errors import FieldError, NamedError

SHORTEST: Final = 8
LONGEST: Final = 1024
RECOMMENDED: Final = 15
_EASY: Final = 10_000_000
"""Guesses that a password has to withstand: as many as the pauses between attempts allow in 19 years."""
_OUR_WORDS: Final = (
    "onestop", "yiwangtongban", "zhengwufuwu", "qinhuangdao", "kaifaqu", "qhdkfq", "qhdkaifaqu", "beidaihe",
    "一网通办", "政务服务", "秦皇岛", "开发区", "经济技术开发区",
)  # fmt: skip
_OFTEN_CHOSEN: Final = (
    "woaini", "woaini1314", "5201314", "1314520", "wodemima", "mima", "woaiwojia", "woshishui", "nihao", "zhongguo",
    "wangyut", "caonima", "laopo", "laogong", "baobei", "xiaoxiao", "beijing", "shanghai", "我爱你", "密码", "中国",
)  # fmt: skip
"""What people here choose and the lists of the estimator, made from leaks of English-speaking sites, lack."""


class UnfitPassword(NamedError):
    """The password is too short, too long, or among those that are tried first."""

    slug = "unfit-password"
    title = "密码不符合要求"
    status = 422

    @property
    def errors(self) -> tuple[FieldError, ...]:
        """Point at the password."""
        return (FieldError("/password", self.slug, self.detail),)


def require_fit(password: str, about: Iterable[str]) -> None:
    """Do nothing when `password` may be chosen; takes a few milliseconds.

    An estimator compares the whole password with lists of leaked ones, words, names, dates, keyboard rows and
    repetitions, and with what somebody who knows the person tries first. Nothing is asked of its characters.

    Args:
        password: as typed.
        about: what is known of the person, see `words_about`.

    Raises:
        UnfitPassword: when it may not.
    """
    chosen = unicodedata.normalize("NFKC", password)
    if len(chosen) < SHORTEST:
        raise UnfitPassword("密码至少 8 个字符；建议用 15 个以上，例如几个词连在一起")
    if len(chosen) > LONGEST:
        raise UnfitPassword("密码最多 1024 个字符")
    if zxcvbn(chosen, [*about, *_OUR_WORDS, *_OFTEN_CHOSEN]).guesses < _EASY:
        raise UnfitPassword("这个密码太容易被猜到：它常被使用、曾经泄露，或与您的个人信息有关，请换一个")


def words_about(username: str, name: str, identity_number: str | None, phone: str | None) -> list[str]:
    """Return what somebody who knows a person tries first: names, in Latin letters too, birthday, parts of numbers."""
    words = [username, name, *_pinyin(name)]
    if identity_number:
        year, day = identity_number[6:10], identity_number[10:14]
        words += [
            identity_number,
            identity_number[:6],
            identity_number[:14],
            identity_number[-6:],
            identity_number[-8:],
            year,
            day,
            year + day,
            year[2:] + day,
        ]
    if phone:
        words += [phone, phone[-8:], phone[-6:], phone[-4:]]
    return [word.lower() for word in words if word]


def _pinyin(name: str) -> list[str]:
    """Return the ways in which a Chinese name is written in Latin letters: whole, given name, initials."""
    reader = _reader()
    whole = reader.get_pinyins(name, " ", n=4)
    spoken = [reading.lower().split() for reading in whole]
    return [
        word
        for parts in spoken
        for word in ("".join(parts), "".join(parts[1:]), "".join(part[:1] for part in parts), "".join(reversed(parts)))
    ]


@cache
def _reader() -> Pinyin:
    return Pinyin()
