"""What a client asks for at the authorization endpoint, and the rules for asking."""

import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import Any, Final
from uuid import UUID

CODE_LIFETIME: Final = timedelta(seconds=60)
REQUEST_LIFETIME: Final = timedelta(minutes=30)
REPEATABLE_FOR: Final = timedelta(seconds=60)
"""How long after a refresh whose answer was lost its client may repeat it."""
PUSHED_LIFETIME: Final = timedelta(seconds=60)
REQUEST_URI: Final = "urn:ietf:params:oauth:request_uri:"
"""What the handle of a pushed request begins with (RFC 9126, 2.2)."""

_SHA256 = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_ACT = re.compile(r"self|[0-9A-HJ-NPQRTUWXY]{18}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ACR_VALUES: Final = ("0", "1", "2", "3")
"""How surely a person is known: self-declared, phone, real name, in person."""
SELECT_ACCOUNT: Final = "select_account"
_PROMPTS: Final = frozenset({"none", "login", "consent", SELECT_ACCOUNT})
_LONGEST: Final = {
    "state": 1024,
    "nonce": 512,
    "login_hint": 128,
    "act": 36,
    "scope": 1024,
    "resource": 512,
    "claims": 2048,
}
_LONGEST_MAX_AGE: Final = 9
_READ: Final = (
    "response_type", "response_mode", "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge",
    "code_challenge_method", "dpop_jkt", "prompt", "max_age", "act", "login_hint", "id_token_hint",
    "resource", "claims", "ui_locales",
)  # fmt: skip


class AuthorizationRefused(Exception):
    """The request breaks a rule of the protocol; its client is told at its redirect address.

    Attributes:
        code: registered error code (RFC 6749, 4.1.2.1; OIDC Core, 3.1.2.6).
        description: plain ASCII sentence for the client's developer.
    """

    def __init__(self, code: str, description: str) -> None:
        super().__init__(f"{code}: {description}")
        self.code = code
        self.description = description


@dataclass(frozen=True, slots=True)
class ClaimsAsked:
    """What a client insists on.

    Attributes:
        levels: of which the person's level has to reach one; any will do when empty.
        subject: who has to sign in; None for anybody.
    """

    levels: frozenset[str] = frozenset()
    subject: UUID | None = None


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A sound request for an authorization code.

    Attributes:
        scopes: what is asked for, before the client's own limits.
        code_challenge: what the code will be redeemed with (PKCE); None when the client sent none.
        key: thumbprint of the key that the code will be redeemed with (RFC 9449, 10).
        prompt: what the person has to be asked at least, or `none`.
        max_age: how long ago the sign-in may be.
        act: for whom to act: `self`, a credit code, the id of a person, or None for the usual choice.
        resource: where the tokens are to be used; None for our own API.
        claims: how surely the person has to be known, and who it has to be.
    """

    client_id: str
    redirect_uri: str
    scopes: frozenset[str]
    code_challenge: str | None
    key: str | None
    state: str | None
    nonce: str | None
    prompt: frozenset[str]
    max_age: timedelta | None
    act: str | None
    login_hint: str | None
    id_token_hint: str | None
    resource: str | None
    claims: ClaimsAsked

    @property
    def silent(self) -> bool:
        """Whether no page may be shown."""
        return "none" in self.prompt

    @property
    def anew(self) -> bool:
        """Whether the person has to prove anew who he is, however recently he did."""
        return "login" in self.prompt

    def satisfied_by(self, subject: UUID, signed_in_at: datetime, asked_at: datetime, hinted: UUID | None) -> bool:
        """Tell whether a sign-in answers this request without another one.

        Args:
            subject: who is signed in.
            signed_in_at: since when.
            asked_at: when the request came in.
            hinted: who is expected, when the client said so.
        """
        if hinted is not None and hinted != subject:
            return False
        if self.anew and signed_in_at <= asked_at:
            return False
        return self.max_age is None or signed_in_at + self.max_age >= asked_at

    def selects_account(self, signed_in_at: datetime, asked_at: datetime) -> bool:
        """Tell whether the person has to say who he is, or as what he acts, although he is signed in.

        Who has signed in to answer this request has said who he is.
        """
        return SELECT_ACCOUNT in self.prompt and signed_in_at <= asked_at

    def assured_by(self, assurance: int) -> bool:
        """Tell whether somebody who is known that surely reaches one of the levels that are essential (RFC 9470)."""
        levels = self.claims.levels
        return not levels or not levels.isdisjoint(ACR_VALUES[: assurance + 1])

    @classmethod
    def read(cls, parameters: Mapping[str, str]) -> "AuthorizationRequest":
        """Return the request that `parameters` make; client and redirect address were checked before.

        Raises:
            AuthorizationRefused: when something is missing, malformed or not supported.
        """
        _refuse_unsupported(parameters)
        for name, longest in _LONGEST.items():
            if len(parameters.get(name, "")) > longest:
                raise AuthorizationRefused("invalid_request", f"{name} is too long")
        act = parameters.get("act")
        if act is not None and not _ACT.fullmatch(act):
            raise AuthorizationRefused("invalid_request", "act must be 'self', a credit code or the id of a person")
        return cls(
            client_id=parameters["client_id"],
            redirect_uri=parameters["redirect_uri"],
            scopes=frozenset(parameters.get("scope", "").split()),
            code_challenge=_challenge(parameters),
            key=_key(parameters.get("dpop_jkt")),
            state=parameters.get("state"),
            nonce=parameters.get("nonce"),
            prompt=_prompt(parameters.get("prompt", "")),
            max_age=_max_age(parameters.get("max_age")),
            act=act,
            login_hint=parameters.get("login_hint"),
            id_token_hint=parameters.get("id_token_hint"),
            resource=parameters.get("resource"),
            claims=_claims(parameters.get("claims")),
        )


def acting_as(parameters: Mapping[str, str], act: str) -> dict[str, str]:
    """Return the parameters of a request whose person has chosen as what he acts; he is not asked again."""
    prompt = " ".join(word for word in parameters.get("prompt", "").split() if word != SELECT_ACCOUNT)
    changed = {**parameters, "act": act, "prompt": prompt}
    return {name: value for name, value in changed.items() if value}


def worth_keeping(parameters: Mapping[str, str]) -> dict[str, str]:
    """Return those parameters that a request is read from; others are not kept while it waits."""
    return {name: parameters[name] for name in _READ if name in parameters}


def challenge_met(verifier: str | None, challenge: str | None) -> bool:
    """Tell whether `verifier` is what `challenge` was made from (RFC 7636, 4.6, S256).

    Without challenge there must be no verifier either: somebody has taken it out of the request (RFC 9700, 4.8.2).
    """
    if challenge is None:
        return verifier is None
    if verifier is None or not _VERIFIER.fullmatch(verifier):
        return False
    made = urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")
    return compare_digest(made, challenge)


def key_suffices(bound: str | None, shown: str | None, *, confidential: bool) -> bool:
    """Tell whether a refresh token that is bound to one key may be used by who shows another, or none.

    A public client has nothing but the key to prove itself with (RFC 9449, 5); a confidential one may change it, but
    does not get bearer tokens from what was bound once.
    """
    if bound is None:
        return True
    return shown is not None if confidential else shown == bound


def read_claims(text: str) -> ClaimsAsked:
    """Return what the `claims` parameter insists on (OIDC Core, 5.5).

    Which other claims a client gets follows from its scopes: to ask for one is no error and gives nothing more (5.5.1).

    A level counts when it is essential for the ID token (5.5.1.1); one that is just wished for, as by `acr_values`,
    refuses nobody.

    Raises:
        ValueError: when it is no JSON, or names a subject that is none of ours.
        TypeError: when it is another JSON.
        RecursionError: when it is nested without end.
    """
    asked = _object(json.loads(text))
    id_token, userinfo = _object(asked.get("id_token")), _object(asked.get("userinfo"))
    acr = _object(id_token.get("acr"))
    levels = _values(acr) if acr.get("essential") is True else frozenset[str]()
    subjects = _values(_object(id_token.get("sub"))) | _values(_object(userinfo.get("sub")))
    if len(subjects) > 1:
        raise ValueError("two subjects are asked for")
    return ClaimsAsked(levels, next((UUID(subject) for subject in subjects), None))


def _refuse_unsupported(parameters: Mapping[str, str]) -> None:
    for name in ("request", "request_uri", "registration"):
        if name in parameters:
            raise AuthorizationRefused(f"{name}_not_supported", f"{name} is not supported")
    if "response_type" not in parameters:
        raise AuthorizationRefused("invalid_request", "response_type is missing")
    if parameters["response_type"] != "code":
        raise AuthorizationRefused("unsupported_response_type", "only response_type=code is supported")
    if parameters.get("response_mode", "query") != "query":
        raise AuthorizationRefused("invalid_request", "only response_mode=query is supported")


def _challenge(parameters: Mapping[str, str]) -> str | None:
    challenge = parameters.get("code_challenge")
    if challenge is None and "code_challenge_method" not in parameters:
        return None
    if challenge is None:
        raise AuthorizationRefused("invalid_request", "code_challenge is missing")
    if parameters.get("code_challenge_method") != "S256":
        raise AuthorizationRefused("invalid_request", "code_challenge_method must be S256")
    if not _SHA256.fullmatch(challenge):
        raise AuthorizationRefused("invalid_request", "code_challenge is not a SHA-256 in base64url")
    return challenge


def _key(thumbprint: str | None) -> str | None:
    if thumbprint is not None and not _SHA256.fullmatch(thumbprint):
        raise AuthorizationRefused("invalid_request", "dpop_jkt is not a SHA-256 in base64url")
    return thumbprint


def _prompt(text: str) -> frozenset[str]:
    prompt = frozenset(text.split())
    if not prompt <= _PROMPTS:
        raise AuthorizationRefused("invalid_request", "prompt has an unknown value")
    if "none" in prompt and len(prompt) > 1:
        raise AuthorizationRefused("invalid_request", "prompt=none stands alone")
    return prompt


def _max_age(text: str | None) -> timedelta | None:
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > _LONGEST_MAX_AGE:
        raise AuthorizationRefused("invalid_request", "max_age must be a number of seconds")
    return timedelta(seconds=int(text))


def _claims(text: str | None) -> ClaimsAsked:
    if text is None:
        return ClaimsAsked()
    try:
        return read_claims(text)
    except (ValueError, TypeError, RecursionError) as error:
        raise AuthorizationRefused("invalid_request", "claims is malformed, or names nobody that we know") from error


def _object(given: Any) -> Mapping[str, Any]:
    """Return an object; null stands for an empty one (5.5.1)."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise TypeError(given)
    return given


def _values(claim: Mapping[str, Any]) -> frozenset[str]:
    """Return the values that would do for a claim."""
    values = claim["values"] if "values" in claim else [claim["value"]] if "value" in claim else []
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ValueError("values are not texts")
    return frozenset(values)
