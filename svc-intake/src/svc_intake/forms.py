"""Forms against the JSON Schema of the guide: what is wrong, in Chinese, with pointers.

Beside the formats of JSON Schema, a guide may use `credit-code` (统一社会信用代码) and `identity-number`
(公民身份号码), both with check digit, and `phone` (a mobile or landline number of the mainland). What has one of the
last two formats, or says `x-sensitive: true`, is personal data: masked for the office, never published.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jsonschema_rs

from onestop_legal.credit_code import CreditCode
from onestop_legal.errors import FieldError, NamedError
from onestop_legal.identity_number import IdentityNumber

_PHONE = re.compile(r"1\d{10}|0\d{2,3}-?\d{7,8}")
SENSITIVE_FORMATS = frozenset({"identity-number", "phone"})
"""Formats of personal data that is shown masked to the office and never published."""


def _parses(parse: Callable[[str], object]) -> Callable[[str], bool]:
    def valid(text: str) -> bool:
        try:
            parse(text)
        except NamedError:
            return False
        return True

    return valid


_FORMATS: dict[str, Callable[[str], bool]] = {
    "credit-code": _parses(CreditCode.parse),
    "identity-number": _parses(IdentityNumber.parse),
    "phone": lambda text: _PHONE.fullmatch(text) is not None,
}
_PARSERS: dict[str, Callable[[str], object]] = {
    "credit-code": CreditCode.parse,
    "identity-number": IdentityNumber.parse,
}
_FORMAT_TEXTS = {
    "date": "应为日期，例如 2026-03-02",
    "date-time": "应为时间，例如 2026-03-02T09:30:00+08:00",
    "email": "不是有效的电子邮箱地址",
    "uri": "不是有效的网址",
    "phone": "应为 11 位手机号码，或带区号的固定电话",
}
_TYPES = {
    "string": "文字", "integer": "整数", "number": "数字", "boolean": "是或否", "array": "列表", "object": "对象",
    "null": "空",
}  # fmt: skip
_BOUNDS = {
    "minLength": ("too-short", "至少 {} 个字"),
    "maxLength": ("too-long", "最多 {} 个字"),
    "minimum": ("too-small", "不能小于 {}"),
    "maximum": ("too-large", "不能大于 {}"),
    "exclusiveMinimum": ("too-small", "应大于 {}"),
    "exclusiveMaximum": ("too-large", "应小于 {}"),
    "minItems": ("too-few", "至少 {} 项"),
    "maxItems": ("too-many", "最多 {} 项"),
    "multipleOf": ("not-a-multiple", "应为 {} 的倍数"),
}


class FormSchema:
    """The form of a guide, compiled.

    Attributes:
        sensitive: names of top-level fields that hold personal data.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._schema = schema
        self._validator = jsonschema_rs.Draft202012Validator(
            dict(schema), formats=_FORMATS, validate_formats=True, offline=True
        )
        self.sensitive = frozenset(name for name, part in schema.get("properties", {}).items() if _is_sensitive(part))

    def problems(self, form: Mapping[str, Any]) -> list[FieldError]:
        """Return everything that is wrong with `form`, one finding per place; pointers start with `/form`."""
        found: dict[str, FieldError] = {}
        for error in self._validator.iter_errors(dict(form)):
            for one in self._translated(error):
                found.setdefault(one.pointer, one)
        return sorted(found.values(), key=lambda one: one.pointer)

    def surplus(self, form: Mapping[str, Any]) -> list[FieldError]:
        """Return the fields that the guide does not ask for; they are not even kept in a draft."""
        return [one for one in self.problems(form) if one.code == "unknown-field"]

    def published(self, form: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
        """Return the fields that may travel: those the guide names, personal data never."""
        return {name: form[name] for name in names if name in form and name not in self.sensitive}

    def masked(self, form: Mapping[str, Any]) -> dict[str, Any]:
        """Return the form with personal data hidden but for the first and the last characters."""
        masked: dict[str, Any] = _masked(self._schema, dict(form))
        return masked

    def _translated(self, error: jsonschema_rs.ValidationError) -> Iterator[FieldError]:
        kind: Any = error.kind
        path = list(error.instance_path)
        name = kind.name
        if name == "required":
            here = [*path, kind.property]
            yield FieldError(_pointer(here), "required", f"请填写“{self._title(here)}”")
        elif name in ("additionalProperties", "unevaluatedProperties"):
            for surplus in kind.unexpected:
                yield FieldError(_pointer([*path, surplus]), "unknown-field", "申请表没有这个字段")
        else:
            code, text = _message(name, kind, error.instance)
            yield FieldError(_pointer(path), code, f"“{self._title(path)}”{text}")

    def _title(self, path: list[str | int]) -> str:
        part: Any = self._schema
        for step in path:
            inner = part.get("items") if isinstance(step, int) else part.get("properties", {}).get(step)
            if not isinstance(inner, dict):
                return str(step)
            part = inner
        return str(part.get("title") or (path[-1] if path else "申请表"))


def _message(name: str, kind: Any, value: Any) -> tuple[str, str]:
    if name == "minLength" and kind.limit == 1:
        return "required", "不能为空"
    if name in _BOUNDS:
        code, text = _BOUNDS[name]
        limit = getattr(kind, "limit", None)
        return code, text.format(kind.value if limit is None else limit)
    explain = _EXPLAINED.get(name)
    return explain(kind, value) if explain else ("invalid", "内容不正确")


def _wrong_format(kind: Any, value: Any) -> tuple[str, str]:
    return "wrong-check-digit" if kind.format in _PARSERS else "wrong-format", _format_text(kind.format, value)


def _wrong_type(kind: Any, _value: Any) -> tuple[str, str]:
    expected = kind.value if isinstance(kind.value, list) else [kind.value]
    return "wrong-type", f"应为{'或'.join(_TYPES.get(str(one), str(one)) for one in expected)}"


_EXPLAINED: dict[str, Callable[[Any, Any], tuple[str, str]]] = {
    "format": _wrong_format,
    "type": _wrong_type,
    "enum": lambda kind, _: ("not-in-list", f"只能是其中之一：{'、'.join(map(str, kind.options))}"),
    "const": lambda kind, _: ("not-in-list", f"只能是：{kind.expected_value}"),
    "uniqueItems": lambda *_: ("repeated", "不能有重复的项"),
    "pattern": lambda *_: ("wrong-format", "格式不正确"),
}


def _format_text(format_name: str, value: Any) -> str:
    parse = _PARSERS.get(format_name)
    if parse is None:
        return _FORMAT_TEXTS.get(format_name, "格式不正确")
    try:
        parse(str(value))
    except NamedError as error:
        return f"不正确：{error.detail}"
    return "格式不正确"


def _pointer(path: list[Any]) -> str:
    return "/form" + "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def _is_sensitive(schema: Any) -> bool:
    return isinstance(schema, Mapping) and (
        schema.get("format") in SENSITIVE_FORMATS or schema.get("x-sensitive") is True
    )


def _masked(schema: Any, value: Any) -> Any:
    """Return `value` with what `schema` calls personal data hidden, at any depth."""
    if isinstance(schema, bool):  # anything or nothing, as JSON Schema has it
        return value
    if _is_sensitive(schema):
        return _hidden(value)
    if isinstance(value, dict):
        parts = schema.get("properties", {})
        return {name: _masked(parts.get(name, {}), part) for name, part in value.items()}
    if isinstance(value, list):
        return [_masked(schema.get("items", {}), part) for part in value]
    return value


def _hidden(value: Any) -> str:
    text = str(value)
    return text[:1] + "*" * max(len(text) - 2, 1) + text[-1:]
