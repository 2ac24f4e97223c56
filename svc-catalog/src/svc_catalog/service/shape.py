"""The shape of a guide: the one of the published event, with nothing in it that the event has no place for."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from onestop_legal.errors import FieldError, FieldErrors
from onestop_messages.catalog import Guide
from svc_catalog.domain.canonical import canonical

_DATE = ("not-a-date", "应为日期，例如 2026-01-31")
_NUMBER = ("not-a-number", "应为整数")
_MESSAGES = {
    "missing": ("required", "必须填写"),
    "int_type": _NUMBER,
    "int_parsing": _NUMBER,
    "int_from_float": _NUMBER,
    "string_type": ("not-a-text", "应为文字"),
    "bool_type": ("not-a-boolean", "应为是或否"),
    "bool_parsing": ("not-a-boolean", "应为是或否"),
    "tuple_type": ("not-a-list", "应为列表"),
    "model_type": ("not-an-object", "应为对象"),
    "dict_type": ("not-an-object", "应为对象"),
    "literal_error": ("not-in-list", "不在可选范围内"),
    "string_pattern_mismatch": ("wrong-form", "格式不正确"),
    "string_too_short": ("too-short", "内容过短"),
    "string_too_long": ("too-long", "内容过长"),
    "date_from_datetime_parsing": _DATE,
    "date_parsing": _DATE,
    "date_type": _DATE,
}


def shaped(given: Mapping[str, Any], place: str = "/guide") -> dict[str, Any]:
    """Return a guide in the published shape, every field present that the shape does not leave out, as a JSON value.

    Args:
        given: the guide as somebody wrote it.
        place: JSON pointer of the guide in what was sent; it stands before the pointers of the errors.

    Raises:
        FieldErrors: naming every field that is missing, wrong or unknown, and text that cannot be kept.
    """
    unkeepable = FieldErrors([FieldError(place, "not-keepable", "含有无法保存的数字或字符")])
    try:
        if b"\\u0000" in canonical(given):
            raise unkeepable
    except ValueError as error:
        raise unkeepable from error
    try:
        guide = Guide.model_validate(given).model_dump(mode="json")
    except ValidationError as error:
        raise FieldErrors([_wrong(place, one["loc"], one["type"]) for one in error.errors()]) from error
    surplus = [FieldError(pointer, "unknown-field", "没有这个字段") for pointer in _surplus(given, guide, place)]
    if surplus:
        raise FieldErrors(surplus)
    return guide


def _wrong(place: str, path: tuple[int | str, ...], kind: str) -> FieldError:
    code, text = _MESSAGES.get(kind, ("invalid", "内容不正确"))
    return FieldError(place + "".join(f"/{_escaped(part)}" for part in path), code, text)


def _surplus(given: Any, kept: Any, place: str) -> Iterator[str]:
    if isinstance(given, Mapping) and isinstance(kept, Mapping):
        for key, value in given.items():
            pointer = f"{place}/{_escaped(key)}"
            if key in kept:
                yield from _surplus(value, kept[key], pointer)
            elif value is not None:  # null says nothing, and the shape leaves some fields out that are not said
                yield pointer
    elif isinstance(given, list | tuple) and isinstance(kept, list):
        for number, (value, part) in enumerate(zip(given, kept, strict=True)):
            yield from _surplus(value, part, f"{place}/{number}")


def _escaped(part: int | str) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")
