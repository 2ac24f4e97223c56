"""What is wrong with a form, in Chinese, with pointers; no finding repeats a value."""

from typing import Any

import pytest

from svc_intake.forms import FormSchema

SCHEMA = FormSchema(
    {
        "type": "object",
        "properties": {
            "name": {"type": "string", "title": "名称", "minLength": 2, "maxLength": 5},
            "day": {"type": "string", "title": "日期", "format": "date"},
            "mail": {"type": "string", "title": "邮箱", "format": "email"},
            "share": {"type": "number", "title": "比例", "exclusiveMinimum": 0, "maximum": 100, "multipleOf": 0.5},
            "code": {"type": "string", "title": "编号", "pattern": "^[A-Z]+$"},
            "kind": {"const": "food", "title": "类别"},
            "people": {
                "type": "array",
                "title": "人员",
                "minItems": 1,
                "maxItems": 2,
                "uniqueItems": True,
                "items": {
                    "type": "object",
                    "properties": {"full/name": {"type": "string", "title": "姓名"}},
                    "required": ["full/name"],
                    "additionalProperties": False,
                },
            },
        },
        "required": ["name"],
        "additionalProperties": False,
    }
)
GOOD = {"name": "山海食品"}


@pytest.mark.parametrize(
    ("change", "pointer", "code", "text"),
    [
        ({"name": "山"}, "/form/name", "too-short", "至少 2 个字"),
        ({"name": "秦皇岛开发区"}, "/form/name", "too-long", "最多 5 个字"),
        ({"name": 1}, "/form/name", "wrong-type", "应为文字"),
        ({"day": "2026-02-30"}, "/form/day", "wrong-format", "应为日期"),
        ({"mail": "nobody"}, "/form/mail", "wrong-format", "电子邮箱"),
        ({"share": 0}, "/form/share", "too-small", "应大于 0"),
        ({"share": 101}, "/form/share", "too-large", "不能大于 100"),
        ({"share": 0.3}, "/form/share", "not-a-multiple", "0.5 的倍数"),
        ({"code": "a"}, "/form/code", "wrong-format", "格式不正确"),
        ({"kind": "shop"}, "/form/kind", "not-in-list", "只能是：food"),
        ({"people": []}, "/form/people", "too-few", "至少 1 项"),
        ({"people": [{"full/name": str(n)} for n in range(3)]}, "/form/people", "too-many", "最多 2 项"),
        ({"people": [{"full/name": "王"}] * 2}, "/form/people", "repeated", "重复"),
        ({"people": [{}]}, "/form/people/0/full~1name", "required", "请填写“姓名”"),
        ({"people": [{"full/name": "王", "age": 1}]}, "/form/people/0/age", "unknown-field", "没有这个字段"),
        ({"extra": 1}, "/form/extra", "unknown-field", "没有这个字段"),
    ],
)
def test_each_kind_of_mistake_is_named(change: dict[str, Any], pointer: str, code: str, text: str):
    (found,) = SCHEMA.problems(GOOD | change)
    assert (found.pointer, found.code) == (pointer, code)
    assert text in found.detail


def test_a_good_form_has_no_problems():
    assert SCHEMA.problems(GOOD) == []


def test_a_place_is_told_once():
    schema = FormSchema({"properties": {"code": {"type": "string", "minLength": 18, "format": "credit-code"}}})
    assert len(schema.problems({"code": "x"})) == 1


def test_a_finding_does_not_repeat_what_was_entered():
    schema = FormSchema({"properties": {"number": {"type": "string", "format": "identity-number", "title": "号码"}}})
    (found,) = schema.problems({"number": "110105194912310021"})
    assert "110105194912310021" not in found.detail
    assert "校验码" in found.detail
