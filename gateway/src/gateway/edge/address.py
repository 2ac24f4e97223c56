"""What an address may look like: nothing in it that two readers could understand differently."""

import re

from gateway.edge.failures import UnsafePath

# What two readers of one address may understand differently: dot segments and empty segments, plain or
# encoded; encoded slashes, dots, percent signs and semicolons; letters and digits that need no encoding; path
# parameters; backslashes; control characters; raw bytes beyond ASCII; broken percent-encoding.
_UNSAFE_PATH = re.compile(
    rb"//|/\.{1,2}(?:/|\Z)|[;#\\\x00-\x20\x7f-\xff]|%(?![0-9A-Fa-f]{2})"
    rb"|%(?:2[eEfF5]|5[cC]|3[bB]|[01][0-9A-Fa-f]|7[fF]|3[0-9]|[46][1-9A-Fa-f]|[57][0-9Aa])"
)
_PLAIN = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_/"
_UNSAFE_QUERY = re.compile(rb"[#\x00-\x20\x7f-\xff]")
_ENCODED = re.compile(rb"%([0-9A-Fa-f]{2})")


def check_target(raw_path: bytes, query: bytes) -> None:
    """Refuse an address that the upstream might read differently from us.

    Raises:
        UnsafePath: when it has dot segments, encoded separators, path parameters, control characters …
    """
    plain = b"//" not in raw_path and not raw_path.translate(None, _PLAIN)  # most are, and it is quickly seen
    if not plain and _UNSAFE_PATH.search(raw_path):
        raise UnsafePath("请求地址不能含有“..”“//”“;”“#”“\\”、控制字符，也不能将分隔符、字母或数字编码。")
    if b"%" in raw_path:
        try:
            _ENCODED.sub(lambda pair: bytes((int(pair[1], 16),)), raw_path).decode()
        except UnicodeDecodeError:
            raise UnsafePath("请求地址中的编码不是有效的 UTF-8。") from None
    if query and _UNSAFE_QUERY.search(query):
        raise UnsafePath("查询参数须经百分号编码。")
