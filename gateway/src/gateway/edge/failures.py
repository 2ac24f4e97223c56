"""How the edge says no: every refusal is a named error with a stable slug and a Chinese title."""

from collections.abc import Iterable

from gateway.edge.client_use import QuotaExhausted
from gateway.edge.rates import TooManyRequests
from gateway.people.domain import NotKnownSurelyEnough
from gateway.tokens.access import InsufficientScope, InvalidToken
from gateway.tokens.dpop import InvalidProof, NonceNeeded
from onestop_legal.errors import NamedError
from onestop_runtime.problems import NotFound, NotSignedIn


class UnknownService(NamedError):
    """No service answers under this address."""

    slug = "unknown-service"
    title = "没有这项服务"
    status = 404


class UnsafePath(NamedError):
    """The address contains something that two readers could understand differently."""

    slug = "unsafe-path"
    title = "请求地址含有不允许的字符"
    status = 400


class MalformedRequest(NamedError):
    """The request's headers contradict each other or have no valid form."""

    slug = "malformed-request"
    title = "请求格式有误"
    status = 400


class MethodNotForwarded(NamedError):
    """The address does not know this method.

    Attributes:
        allowed: those it knows.
    """

    slug = "method-not-allowed"
    title = "该地址不支持这种请求方法"
    status = 405

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        super().__init__()
        self.allowed = tuple(sorted(allowed))


class OriginNotAllowed(NamedError):
    """No registered client has pages of this origin."""

    slug = "origin-not-allowed"
    title = "该网站没有登记，不能调用接口"
    status = 403


class HeadersTooLarge(NamedError):
    """The request's headers are larger or more than the edge takes."""

    slug = "headers-too-large"
    title = "请求头过大"
    status = 431


class UploadTooLarge(NamedError):
    """The body is larger than the service takes."""

    slug = "body-too-large"
    title = "请求内容过大"
    status = 413


class RequestTooSlow(NamedError):
    """The client stopped sending its request."""

    slug = "request-timeout"
    title = "请求发送超时"
    status = 408


class UpstreamUnreachable(NamedError):
    """The service could not be connected to; nothing was done."""

    slug = "upstream-unreachable"
    title = "服务连接不上，请稍后再试"
    status = 502


class UpstreamBroken(NamedError):
    """The service broke off before it answered; whether something was done is not known."""

    slug = "upstream-broken"
    title = "服务中断了连接"
    status = 502


class UpstreamOverloaded(NamedError):
    """As many requests as the service bears are under way; nothing was done."""

    slug = "upstream-overloaded"
    title = "办理人数较多，请稍后再试"
    status = 503


class UpstreamUnavailable(NamedError):
    """The service failed several times running and is left alone for a moment; nothing was done."""

    slug = "upstream-unavailable"
    title = "服务暂时不可用，请稍后再试"
    status = 503


class UpstreamTimeout(NamedError):
    """The service did not answer in time; whether something was done is not known."""

    slug = "upstream-timeout"
    title = "服务响应超时"
    status = 504


EDGE_FAILURES: tuple[type[NamedError], ...] = (
    UnknownService,
    NotFound,
    UnsafePath,
    MalformedRequest,
    MethodNotForwarded,
    HeadersTooLarge,
    UploadTooLarge,
    RequestTooSlow,
    InvalidToken,
    InvalidProof,
    NonceNeeded,
    NotSignedIn,
    NotKnownSurelyEnough,
    InsufficientScope,
    TooManyRequests,
    QuotaExhausted,
    OriginNotAllowed,
    UpstreamUnreachable,
    UpstreamBroken,
    UpstreamOverloaded,
    UpstreamUnavailable,
    UpstreamTimeout,
)
