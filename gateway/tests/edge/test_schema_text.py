"""JSON Schema in words that a person understands."""

from typing import Any

import pytest

from gateway.edge.schema_text import described, rules_of


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string"}, "字符串"),
        ({"type": "string", "format": "uuid"}, "编号（UUID）"),
        ({"type": "array", "items": {"$ref": "#/components/schemas/IntakeCase"}}, "列表：IntakeCase"),
        ({"type": "array"}, "列表"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "整数 或 空"),
        ({"type": ["string", "null"]}, "字符串 或 空"),
        ({"enum": ["1", "2"]}, "其中之一：1、2"),
        ({"enum": list(range(20))}, "其中之一：0、1、2、3、4、5、6、7、8、9、10、11 等"),
        ({"const": 1}, "固定为 1"),
        ({"type": "object", "additionalProperties": {"type": "number"}}, "对象，值为 数字"),
        ({"allOf": [{"$ref": "#/components/schemas/A"}]}, "A"),
        ({}, "任意"),
    ],
)
def test_a_type_is_told_in_words(schema: dict[str, Any], words: str):
    assert "".join(word.text for word in described(schema)) == words


def test_a_named_structure_is_linked():
    assert described({"$ref": "#/components/schemas/IntakeCase"})[0].schema == "IntakeCase"


@pytest.mark.parametrize(
    ("schema", "rules"),
    [
        ({"minLength": 1, "maxLength": 60}, "至少 1 个字，至多 60 个字"),
        ({"anyOf": [{"type": "integer", "minimum": 0}, {"type": "null"}]}, "≥ 0"),
        ({"default": 20, "maximum": 100}, "≤ 100，默认 20"),
        ({"type": "string"}, ""),
    ],
)
def test_limits_are_told_in_words(schema: dict[str, Any], rules: str):
    assert rules_of(schema) == rules
