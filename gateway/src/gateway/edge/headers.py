"""Which headers pass the edge, in which direction, and what they say about the body.

A client may not state what only the gateway knows: who it is, where it comes from, what was decided about it.
Headers that concern one connection end with it (RFC 9110, 7.6.1).
"""

import re
from typing import NamedTuple

from gateway.edge.connection import Head, Headers
from gateway.edge.failures import HeadersTooLarge, MalformedRequest

MAX_HEADERS = 100
MAX_HEADER_BYTES = 32 * 1024

_PASSED = frozenset(
    b"accept accept-encoding accept-language cache-control content-encoding content-language content-type "
    b"idempotency-key if-match if-modified-since if-none-match if-range if-unmodified-since origin pragma prefer "
    b"priority range referer sec-fetch-dest sec-fetch-mode sec-fetch-site sec-fetch-user user-agent "
    b"x-file-name".split()
)
_READ_HERE = frozenset(
    b"authorization connection content-length cookie expect traceparent tracestate transfer-encoding "
    b"x-request-id".split()
)
_STRIPPED = frozenset(
    b"baggage client-ip dpop forwarded host http2-settings keep-alive proxy-authenticate proxy-authorization "
    b"proxy-connection te trailer true-client-ip upgrade via x-client-ip x-cluster-client-ip x-forwarded x-host "
    b"x-http-method x-http-method-override x-method-override x-real-ip x-rewrite-url".split()
)
_STRIPPED_PREFIXES = (
    b"onestop-",
    b"x-onestop-",
    b"x-forwarded-",
    b"x-original-",
    b"x-auth-",
    b"x-remote-",
    b"x-envoy-",
)

_NOT_ANSWERED = frozenset(
    b"alt-svc connection date keep-alive proxy-authenticate proxy-connection server set-cookie te traceparent "
    b"tracestate trailer transfer-encoding upgrade x-powered-by x-request-id".split()
)
_BODILESS = frozenset({204, 304})
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_DIGITS = re.compile(rb"[0-9]{1,18}\Z")
_HOP_WORDS = frozenset((b"", b"close", b"keep-alive", b"te", b"upgrade"))


class Incoming(NamedTuple):
    """What the edge reads in the headers of a request.

    Attributes:
        passed: headers for the upstream, as lines, each with its line end.
        length: bytes of the body; 0 without one, None when it comes in chunks.
        declared: a length was given, so the upstream is told even that it is 0.
        expects: the client waits for `100 Continue` before it sends the body.
        credentials: somebody says who he is, by token or by cookie.
        traceparent: trace context as sent.
        tracestate: vendors' part of it.
        request_id: the client's own name for the request.
    """

    passed: bytes
    length: int | None
    declared: bool
    expects: bool
    credentials: bool
    traceparent: bytes | None
    tracestate: bytes | None
    request_id: bytes | None

    @property
    def has_body(self) -> bool:
        """A body follows, however it is framed."""
        return self.length != 0


def read_request(headers: Headers) -> Incoming:
    """Return what the edge reads in `headers` (ASGI: lower-case names, in order).

    Raises:
        MalformedRequest: when the body's framing is ambiguous, or a value holds control characters.
        HeadersTooLarge: when there are more than 100, or more than 32 KiB of them.
    """
    if len(headers) > MAX_HEADERS:
        raise HeadersTooLarge(f"请求头最多 {MAX_HEADERS} 个。")
    read: dict[bytes, bytes] = {}
    lines: list[bytes] = []
    for name, value in headers:
        if name in _PASSED or (name not in _READ_HERE and passes(name)):
            lines += (name, b": ", value, b"\r\n")
        elif name in _READ_HERE:
            _read_once(read, name, value)
    values = b"".join([value for _, value in headers])
    if len(values) + sum([len(name) for name, _ in headers]) > MAX_HEADER_BYTES:
        raise HeadersTooLarge(f"请求头合计不能超过 {MAX_HEADER_BYTES // 1024} KiB。")
    if _CONTROL.search(values):
        raise MalformedRequest("请求头含有控制字符。")
    if b"connection" in read and (named := _named_by_connection(read[b"connection"])):
        lines = [
            part
            for name, value in headers
            if name not in named and name not in _READ_HERE and (name in _PASSED or passes(name))
            for part in (name, b": ", value, b"\r\n")
        ]
    return Incoming(
        passed=b"".join(lines),
        length=_body_length(read.get(b"content-length"), read.get(b"transfer-encoding")),
        declared=b"content-length" in read,
        expects=read.get(b"expect", b"").lower() == b"100-continue",
        credentials=b"authorization" in read or b"cookie" in read,
        traceparent=read.get(b"traceparent"),
        tracestate=read.get(b"tracestate"),
        request_id=read.get(b"x-request-id"),
    )


def passes(name: bytes) -> bool:
    """Return whether a client's header `name` may reach an upstream.

    An underscore is a hyphen to some readers, so such names are refused as a whole.
    """
    return name not in _STRIPPED and not name.startswith(_STRIPPED_PREFIXES) and b"_" not in name


def answer_headers(head: Head) -> Headers:
    """Return the headers of an upstream's answer that the client gets.

    Cookies are the gateway's own matter: no service sets one on the origin where people sign in. The content
    type is not to be guessed: what people uploaded must never run as a page.
    """
    dropped = _NOT_ANSWERED
    passed: Headers = []
    for name, value in head.headers:
        if name == b"connection" and (named := _named_by_connection(value)):
            dropped = dropped | named
    for name, value in head.headers:
        if name not in dropped and not name.startswith((b"onestop-", b"x-content-type-options")):
            passed.append((name, value))
    if head.status in _BODILESS:  # its length would speak of a body that is not sent
        passed = [(name, value) for name, value in passed if name != b"content-length"]
    passed.append((b"x-content-type-options", b"nosniff"))
    return passed


def _read_once(read: dict[bytes, bytes], name: bytes, value: bytes) -> None:
    if name in read:
        if name in (b"content-length", b"transfer-encoding", b"authorization"):
            raise MalformedRequest(f"请求头 {name.decode().title()} 只能出现一次。")
        value = read[name] + b", " + value
    read[name] = value


def _body_length(length: bytes | None, coding: bytes | None) -> int | None:
    """Return the bytes of the body, or None when it is chunked; what is ambiguous is refused, not guessed."""
    if coding is not None:
        if length is not None:
            raise MalformedRequest("Content-Length 与 Transfer-Encoding 不能同时出现。")
        if coding.lower() != b"chunked":
            raise MalformedRequest("Transfer-Encoding 只支持 chunked。")
        return None
    if length is None:
        return 0
    if not _DIGITS.match(length):
        raise MalformedRequest("Content-Length 不是有效的长度。")
    return int(length)


def _named_by_connection(value: bytes) -> frozenset[bytes]:
    """Return the headers that a `Connection` header declares to concern this connection only."""
    return frozenset(word.strip() for word in value.lower().split(b",")) - _HOP_WORDS
