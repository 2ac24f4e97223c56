"""What comes in is taken only as it can be kept: strict JSON, no U+0000, no bottomless nesting.

Python's own reader of JSON lets through what RFC 8259 or PostgreSQL refuse (`NaN`, halves of a surrogate pair,
U+0000); it would be found only when the answer or the row is written, as an error of ours.
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request

from onestop_legal.errors import FieldError, FieldErrors
from onestop_runtime.problems import MalformedBody, MalformedHeader, NotFound, UnsupportedMediaType

DEEPEST = 64
"""How many lists and objects may stand inside each other."""

_JSON = re.compile(r"application/(?:[\w.+-]+\+)?json\s*(?:;|$)", re.ASCII | re.IGNORECASE)
_VERSION = re.compile(r'(?:W/)?"?([0-9]{1,18})"?', re.ASCII)
_NUL = "\0"
_CODE = "control-character"
_TEXT = "不能含有空字符（U+0000）"


def version_of(if_match: str) -> int:
    """Return the version an `If-Match` header names; raises `MalformedHeader`."""
    found = _VERSION.fullmatch(if_match.strip())
    if found is None:
        raise MalformedHeader('If-Match 应为读取时得到的 ETag，例如 "3"。', pointer="#If-Match")
    return int(found[1])


def require_storable_address(request: Request) -> None:
    """Do nothing when path and query hold no U+0000.

    Raises:
        NotFound: when the path does; nothing has such a name.
        FieldErrors: when a query parameter does.
    """
    if _NUL in request.url.path:
        raise NotFound
    query = request.scope["query_string"]
    if b"%00" not in query:
        return
    given = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    raise FieldErrors([FieldError(f"?{name}", _CODE, _TEXT) for name, value in given if _NUL in name + value])


def read_json(request: Request, body: bytes) -> Any:
    """Return the JSON that `body` is, as strictly as it was meant.

    Raises:
        UnsupportedMediaType: when `Content-Type` says that it is something else, or nothing.
        MalformedBody: when it is no JSON, or nested too deeply.
        FieldErrors: when a text holds U+0000.
    """
    if not _JSON.match(request.headers.get("content-type", "")):
        raise UnsupportedMediaType("请以 Content-Type: application/json 发送 JSON。")
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise MalformedBody(f"第 {error.lineno} 行第 {error.colno} 列有误。") from error
    if b"\\u0000" in body or body.count(b"[") + body.count(b"{") > DEEPEST:
        wrong = list(_unstorable(value, "", 0))
        if wrong:
            raise FieldErrors(wrong)
    return value


def _unstorable(value: Any, pointer: str, depth: int) -> Iterator[FieldError]:
    if isinstance(value, str):
        if _NUL in value:
            yield FieldError(pointer, _CODE, _TEXT)
        return
    if not isinstance(value, dict | list):
        return
    if depth == DEEPEST:
        raise MalformedBody(f"最多嵌套 {DEEPEST} 层。")
    for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
        place = f"{pointer}/{str(name).replace('~', '~0').replace('/', '~1')}"
        if _NUL in str(name):
            yield FieldError(place, _CODE, _TEXT)
        yield from _unstorable(inner, place, depth + 1)
