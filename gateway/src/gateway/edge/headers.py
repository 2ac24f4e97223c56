"""Which headers pass the edge, in which direction, and what they say about the body.

A client may not state what only the gateway knows: who it is, where it comes from, what was decided about it.
Headers that concern one connection end with it (RFC 9110, 7.6.1).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gateway.edge.coding import chosen
from gateway.edge.connection import Headers
from gateway.edge.failures import HeadersTooLarge, MalformedRequest

MAX_HEADERS = 100
MAX_HEADER_BYTES = 32 * 1024

_READ_HERE = frozenset(
    b"accept-encoding authorization connection content-length cookie expect host origin traceparent tracestate "
    b"transfer-encoding x-request-id".split()
)
_STRIPPED = frozenset(
    b"baggage client-ip dpop forwarded http2-settings keep-alive proxy-authenticate proxy-authorization "
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
BODILESS: Final = frozenset({204, 304})
_ALWAYS = b"x-content-type-options: nosniff\r\nvary: Origin\r\n"
_CONTROLS = bytes(code for code in (*range(32), 127) if code != ord("\t"))
_DIGITS = re.compile(rb"[0-9]{1,18}\Z")
_VERSIONS = ("1.1", "1.0")
_HOP_WORDS = frozenset((b"", b"close", b"keep-alive", b"te", b"upgrade"))


_REMEMBERED_NAMES = 2_000


class _Decisions(dict[bytes, bool]):
    """What was decided about a header's name, remembered for as many names as honest traffic has."""

    def __init__(self, decide: Callable[[bytes], bool]) -> None:
        super().__init__()
        self._decide = decide

    def __missing__(self, name: bytes) -> bool:
        decision = self._decide(name)
        if len(self) < _REMEMBERED_NAMES:
            self[name] = decision
        return decision


@dataclass(slots=True, eq=False)
class Incoming:
    """What the edge reads in the headers of a request.

    Attributes:
        passed: headers for the upstream, as lines, each with its line end.
        length: bytes of the body; 0 without one, None when it comes in chunks.
        has_body: a body follows, however it is framed.
        declared: a length was given, so the upstream is told even that it is 0.
        expects: the client waits for `100 Continue` before it sends the body.
        traceparent: trace context as sent.
        tracestate: vendors' part of it.
        request_id: the client's own name for the request.
        origin: of the page that sends it, when a browser says so.
        coding: how the client takes a compressed answer: `zstd`, `gzip`, or empty.
    """

    passed: bytes
    length: int | None
    has_body: bool
    declared: bool
    expects: bool
    traceparent: bytes | None
    tracestate: bytes | None
    request_id: bytes | None
    origin: bytes | None
    coding: str


UNREAD: Final = Incoming(
    b"", 0, has_body=False, declared=False, expects=False, traceparent=None, tracestate=None, request_id=None,
    origin=None, coding="",
)  # fmt: skip
"""Stands for the headers of a request that is refused because of them."""


def read_request(headers: Headers, version: str = "1.1") -> Incoming:
    """Return what the edge reads in `headers` (lower-case names, in order) of a request of HTTP `version`.

    Raises:
        MalformedRequest: when the body's framing is ambiguous, or a value holds control characters.
        HeadersTooLarge: when there are more than 100, or more than 32 KiB of them.
    """
    if len(headers) > MAX_HEADERS:
        raise HeadersTooLarge(f"请求头最多 {MAX_HEADERS} 个。")
    read: dict[bytes, bytes] = {}
    lines: list[bytes] = []
    size = 0
    for name, value in headers:
        size += len(name) + len(value)
        if name in _READ_HERE:
            read[name] = _joined(name, read[name], value) if name in read else value
        elif _passes[name]:
            lines += (name, b": ", value, b"\r\n")
    if size > MAX_HEADER_BYTES:
        raise HeadersTooLarge(f"请求头合计不能超过 {MAX_HEADER_BYTES // 1024} KiB。")
    values = b"".join([value for _, value in headers])
    if len(values.translate(None, _CONTROLS)) != len(values):
        raise MalformedRequest("请求头含有控制字符。")
    _require_what_goes_with(version, read)
    if b"connection" in read and (named := _named_by_connection(read[b"connection"])):
        kept = [pair for pair in headers if pair[0] not in _READ_HERE and _passes[pair[0]]]
        lines = [b"%b: %b\r\n" % pair for pair in kept if pair[0] not in named]
    length = _body_length(read.get(b"content-length"), read.get(b"transfer-encoding"))
    return Incoming(
        passed=b"".join(lines),
        length=length,
        has_body=length != 0,
        declared=b"content-length" in read,
        expects=read.get(b"expect", b"").lower() == b"100-continue",
        traceparent=read.get(b"traceparent"),
        tracestate=read.get(b"tracestate"),
        request_id=read.get(b"x-request-id"),
        origin=read.get(b"origin"),
        coding=chosen(read[b"accept-encoding"]) if b"accept-encoding" in read else "",
    )


def passes(name: bytes) -> bool:
    """Return whether a client's header `name` may reach an upstream.

    An underscore is a hyphen to some readers, so such names are refused as a whole.
    """
    return name not in _STRIPPED and not name.startswith(_STRIPPED_PREFIXES) and b"_" not in name


def answer_lines(status: int, headers: Headers) -> tuple[list[bytes], int]:
    """Return the headers of an upstream's answer that the client gets, and how long they say the body is.

    Cookies are the gateway's own matter: no service sets one on the origin where people sign in. The content
    type is not to be guessed: what people uploaded must never run as a page.

    Args:
        status: of the answer.
        headers: as the upstream sent them, names in lower case.

    Returns:
        Pieces of lines, each line with its end; and the length, -1 when there is none among them.
    """
    lines: list[bytes] = []
    named: frozenset[bytes] = frozenset()
    length = -1
    for name, value in headers:
        if _answered[name]:
            if name == b"content-length":
                if status in BODILESS:  # its length would speak of a body that is not sent
                    continue
                length = int(value)
            lines += (name, b": ", value, b"\r\n")
        elif name == b"connection":
            named = _named_by_connection(value) | named
    if named:
        return answer_lines(status, [pair for pair in headers if pair[0] not in named | {b"connection"}])
    lines.append(_ALWAYS)
    return lines, length


def _is_answered(name: bytes) -> bool:
    return name not in _NOT_ANSWERED and not name.startswith((b"onestop-", b"x-content-type-options"))


_passes = _Decisions(passes)
_answered = _Decisions(_is_answered)


def _joined(name: bytes, first: bytes, second: bytes) -> bytes:
    """Return two headers of one name as one, where that has a meaning."""
    if name in (b"content-length", b"transfer-encoding", b"authorization", b"host"):
        raise MalformedRequest(f"请求头 {name.decode().title()} 只能出现一次。")
    return first + b", " + second


def _require_what_goes_with(version: str, read: dict[bytes, bytes]) -> None:
    if version not in _VERSIONS:
        raise MalformedRequest("只支持 HTTP/1.1 和 HTTP/1.0。")
    if version == "1.1" and b"host" not in read:
        raise MalformedRequest("请求缺少 Host 请求头。")
    if version == "1.0" and b"transfer-encoding" in read:  # RFC 9112, 6.1
        raise MalformedRequest("HTTP/1.0 的请求不能使用 Transfer-Encoding。")


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
    if value in (b"keep-alive", b"close"):
        return frozenset()
    return frozenset(word.strip() for word in value.lower().split(b",")) - _HOP_WORDS
