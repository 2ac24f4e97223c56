"""How the protocol says no: the error codes of OAuth 2.0 and OpenID Connect."""

from http import HTTPStatus

from onestop_legal.errors import NamedError


class OAuthError(Exception):
    """An error a client is told as JSON (RFC 6749, 5.2).

    Attributes:
        code: registered error code, for example `invalid_grant`.
        description: plain ASCII sentence for the developer of the client (RFC 6749 allows nothing else).
        nonce: what the next DPoP proof has to contain (RFC 9449, 8).
        challenge: scheme for `WWW-Authenticate`, when the client tried to authenticate by header.
    """

    def __init__(
        self,
        code: str,
        description: str,
        status: int = HTTPStatus.BAD_REQUEST,
        *,
        challenge: str | None = None,
        nonce: str | None = None,
    ) -> None:
        super().__init__(f"{code}: {description}")
        self.code = code
        self.description = description
        self.status = int(status)
        self.challenge = challenge
        self.nonce = nonce


class UnknownClient(NamedError):
    """The request names no client that is let in."""

    slug = "unknown-client"
    title = "应用未登记或已停用"
    status = 400


class MalformedAuthorization(NamedError):
    """The request is so wrong that its client cannot be told; the person is."""

    slug = "malformed-authorization"
    title = "登录请求不正确"
    status = 400


class RequestGone(NamedError):
    """The sign-in took too long, is over, or was begun in another browser."""

    slug = "sign-in-request-gone"
    title = "本次登录请求已失效"
    status = 400


class FormNotOurs(NamedError):
    """The form was not sent from the page we gave this browser (CSRF)."""

    slug = "form-not-ours"
    title = "页面已过期，请重新打开后再试"
    status = 403
