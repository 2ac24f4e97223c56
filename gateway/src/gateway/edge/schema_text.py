"""JSON Schema in words: what a person who fills in a request needs to know about a field."""

import json
from typing import Any, NamedTuple

Schema = dict[str, Any]


class Word(NamedTuple):
    """A piece of text; `schema` names the structure it links to, if any."""

    text: str
    schema: str = ""


Words = list[Word]

_TYPES = {
    "string": "字符串",
    "integer": "整数",
    "number": "数字",
    "boolean": "是或否",
    "object": "对象",
    "array": "列表",
    "null": "空",
}
_FORMATS = {
    "uuid": "编号（UUID）",
    "date": "日期",
    "date-time": "时间（RFC 3339）",
    "binary": "文件内容",
    "uri": "网址",
}
_RULES = {
    "minLength": "至少 {} 个字",
    "maxLength": "至多 {} 个字",
    "minimum": "≥ {}",
    "maximum": "≤ {}",
    "exclusiveMinimum": "> {}",
    "exclusiveMaximum": "< {}",
    "minItems": "至少 {} 项",
    "maxItems": "至多 {} 项",
    "pattern": "格式 {}",
}
_MANY = 12


def described(schema: Schema) -> Words:
    """Return the type of a value in words, with links to the structures it names."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        return [Word(name, name)]
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return _joined([described(one) for one in schema[choice]], " 或 ")
    if "allOf" in schema:
        return _joined([described(one) for one in schema["allOf"]], " 且 ")
    if "const" in schema:
        return [Word(f"固定为 {_literal(schema['const'])}")]
    if "enum" in schema:
        shown = "、".join(_literal(one) for one in schema["enum"][:_MANY])
        return [Word(f"其中之一：{shown}{' 等' if len(schema['enum']) > _MANY else ''}")]
    return _by_type(schema)


def rules_of(schema: Schema) -> str:
    """Return the limits a value must keep, in words; also those of the one alternative that is not null."""
    parts = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    source = parts[0] if len(parts) == 1 else schema
    rules = [text.format(source[key]) for key, text in _RULES.items() if key in source]
    if schema.get("default") is not None:
        rules.append(f"默认 {_literal(schema['default'])}")
    return "，".join(rules)


def _by_type(schema: Schema) -> Words:
    kind = schema.get("type")
    if isinstance(kind, list):
        return _joined([_by_type({**schema, "type": one}) for one in kind], " 或 ")
    if kind == "array":
        return [Word("列表："), *described(schema.get("items", {}))] if schema.get("items") else [Word("列表")]
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return [Word("对象，值为 "), *described(schema["additionalProperties"])]
    if kind == "string" and schema.get("format") in _FORMATS:
        return [Word(_FORMATS[schema["format"]])]
    return [Word(_TYPES.get(kind or "", "任意"))]


def _joined(parts: list[Words], between: str) -> Words:
    words: Words = []
    for part in parts:
        words += [Word(between), *part] if words else part
    return words


def _literal(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
