"""What is sent to a person's phone, and how often it is tried."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

NOTICE_LIFETIME: Final = timedelta(hours=24)
"""A notice that could not be sent this long is not sent any more."""
_LONGEST_PAUSE: Final = timedelta(minutes=5)

_SIGNATURE: Final = "【一网通办】"
TEMPLATES: Final[Mapping[str, str]] = {
    "code": "验证码 {code}，{minutes} 分钟内有效，用于{purpose}。请勿告诉任何人，工作人员也不会向您索要。",
    "mandate-code": "{agent}申请代您办理{matter}，有效期至 {until}。"
    "同意请把验证码 {code} 告诉对方，{minutes} 分钟内有效；不同意请勿告诉任何人。",
    "mandate-given": "您已授权{agent}代您办理{matter}，有效期至 {until}。"
    "如非您本人意愿，请登录撤回，或到综合窗口反映。",
    "phone-has-account": "有人用您的手机号注册账号，而它已有账号（{username}），请直接登录或找回；非本人操作请勿理会。",
    "registered": "您已注册账号，用户名 {username}。如非本人操作，请到综合窗口反映。",
    "number-registered-again": "有人用您的公民身份号码注册了另一个账号，它未经核验，不能以您的名义办事。",
    "factor-added": "您的账号增加了第二步验证方式：{what}。如非本人操作，请立即修改密码。",
    "factor-removed": "您的账号解除了第二步验证方式：{what}。如非本人操作，请立即修改密码。",
    "recovery-code-used": "有人用{what}登录了您的账号。如非本人操作，请立即修改密码。",
    "password-changed": "您的账号密码已修改，其他设备上的登录已退出。如非本人操作，请立即找回账号。",
    "recovery-begun": "有人申请找回您的账号，届时可设置新密码。如非本人操作，请打开 {address} 取消。",
    "recovery-cancelled": "找回您的账号的申请已取消，密码没有改变。",
    "phone-change-asked": "有人申请把您账号的手机号码更换为 {phone}，{at} 起生效。"
    "如非本人操作，请打开 {address} 取消，并修改密码。",
    "phone-change-cancelled": "更换您账号手机号码的申请已取消，号码没有改变。",
    "phone-changed": "您账号的手机号码已更换为 {phone}，本号码不再用于登录和找回账号。"
    "如非本人操作，请立即到综合窗口反映。",
    "phone-taken-up": "本号码已登记为您账号的手机号码，可用于登录和找回账号。如非本人操作，请到综合窗口反映。",
    "verified-in-person": "您已在综合窗口核验身份。如非本人到场，请立即到综合窗口反映。",
}
"""What a message says, by the name under which an operator registers it with the carrier."""


@dataclass(frozen=True, slots=True)
class Message:
    """A short message 短信: a template and what fills it.

    Attributes:
        template: a key of `TEMPLATES`.
    """

    template: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The whole text, in Chinese, as the person reads it."""
        return _SIGNATURE + TEMPLATES[self.template].format_map(self.parameters)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message on its way.

    Attributes:
        id: the same at each attempt, so that who carries it can tell a repeat.
        phone: whom it goes to: 11 digits.
        attempts: how many were made, the present one included.
        expires_at: when it is no longer worth sending.
    """

    id: UUID
    phone: str
    message: Message
    asked_at: datetime
    expires_at: datetime
    attempts: int = 0


def pause_after(attempts: int) -> timedelta:
    """Return how long to wait after that many failed attempts: 2 s, 4 s, … at most 5 minutes."""
    return min(timedelta(seconds=2 ** min(attempts, 16)), _LONGEST_PAUSE)
