"""Whom another's provider speaks of, and when that person is one of ours."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from gateway.identity.domain import Facts, Level
from gateway.signin.domain import MULTIPLE
from onestop_legal.errors import NamedError

FEDERATED: Final = "fed"
"""How somebody has proved himself who has done so at another's provider."""


class NotVerifiedUpstream(NamedError):
    """The other provider does not know the person by his real name, or does not say number and name."""

    slug = "identity-not-verified-upstream"
    title = "您在该身份平台的账号尚未实名，请先在该平台完成实名认证"
    status = 409


class LinkedToAnother(NamedError):
    """The identity is linked to another account."""

    slug = "identity-linked-to-another-account"
    title = "该身份已关联另一个账号"
    status = 409


class AlreadyLinked(NamedError):
    """The account is linked to another identity of the same provider."""

    slug = "account-linked-to-another-identity"
    title = "您的账号已关联该身份平台的另一个身份，请先解除"
    status = 409


class NotLinkedAgain(NamedError):
    """The link was taken back once; only the person makes it again."""

    slug = "identity-was-unlinked"
    title = "此关联已解除过。请用其他方式登录，再到“第三方身份”中重新关联"
    status = 409


class OnlyWayToSignIn(NamedError):
    """Without this identity the person could not sign in any more."""

    slug = "identity-is-the-only-way-to-sign-in"
    title = "这是您唯一的登录方式。请先设置密码，再解除关联"
    status = 409


class LinkNotFound(NamedError):
    """There is no such link, or it is not the caller's."""

    slug = "linked-identity-not-found"
    title = "没有这个关联"
    status = 404


@dataclass(frozen=True, slots=True)
class Stated:
    """What another's provider states about who has signed in there.

    Attributes:
        level: how surely it knows the person, in our levels.
        facts: name and identity number as it states them; None when it does not, or they cannot be right.
        session: its session, by the provider's own name.
        signed_in_at: when the person last proved there who he is.
        second_factor: whether he showed two factors there.
        id_token: what it signed; shown to it when the person signs out there.
    """

    provider: str
    issuer: str
    subject: str
    level: Level
    facts: Facts | None
    phone: str | None
    session: str | None
    signed_in_at: datetime
    second_factor: bool
    id_token: str

    @property
    def verified(self) -> Facts | None:
        """Name and number, if the provider has verified them: from real name on."""
        return self.facts if self.level >= Level.REAL_NAME else None

    def require_verified(self) -> Facts:
        """Return name and number; raises `NotVerifiedUpstream` when the provider does not vouch for them."""
        if self.verified is None:
            raise NotVerifiedUpstream
        return self.verified

    @property
    def methods(self) -> tuple[str, ...]:
        """How the person has proved himself (RFC 8176)."""
        return (FEDERATED, MULTIPLE) if self.second_factor else (FEDERATED,)


@dataclass(frozen=True, slots=True)
class Standing:
    """How an account stands to a provider.

    Attributes:
        linked: whether it is linked to an identity there.
        unlinked: whether such a link was taken back before.
    """

    linked: bool
    unlinked: bool

    def require_free(self) -> None:
        """Do nothing when its owner may link the account; raises `AlreadyLinked`."""
        if self.linked:
            raise AlreadyLinked

    def require_findable(self) -> None:
        """Do nothing when the number alone may link the account; raises `AlreadyLinked`, `NotLinkedAgain`."""
        self.require_free()
        if self.unlinked:
            raise NotLinkedAgain


@dataclass(frozen=True, slots=True)
class Link:
    """A link 关联: who signs in at a provider as this subject is this person here.

    Attributes:
        provider: short name of the provider.
        linked_by_person: whether the person made it himself, and not the number alone.
    """

    id: UUID
    person_id: UUID
    provider: str
    linked_by_person: bool
    linked_at: datetime
    used_at: datetime
