"""What breaks a consumer or a client is named; what only adds is not."""

from typing import Any

import pytest

from onestop_messages.schemas import breaks
from onestop_runtime.openapi import breaking_changes_of

OLD: dict[str, Any] = {
    "type": "object",
    "required": ["id", "state", "party"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "state": {"type": "string", "enum": ["a", "b"]},
        "party": {"$ref": "#/$defs/Party"},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "days": {"type": "array", "items": {"type": "integer"}},
        "level": {"type": "integer", "minimum": 0, "maximum": 3},
        "code": {"type": "string", "pattern": "^A$"},
        "way": {"type": "string", "const": "online"},
        "others": {"type": "object", "additionalProperties": {"type": "string"}},
    },
    "$defs": {"Party": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}},
}


def changed(**properties: Any) -> dict[str, Any]:
    return {**OLD, "properties": {**OLD["properties"], **properties}}


def test_a_new_field_breaks_nothing():
    assert breaks(OLD, changed(more={"type": "string"})) == []


@pytest.mark.parametrize(
    ("new", "named"),
    [
        ({**OLD, "properties": {k: v for k, v in OLD["properties"].items() if k != "note"}}, "/note: removed"),
        ({**OLD, "required": ["id", "party"]}, "/state: no longer always there"),
        (changed(id={"type": "integer"}), "/id: type string/uuid became integer"),
        (changed(state={"type": "string", "enum": ["a", "b", "c"]}), "/state: new values c"),
        (changed(note={"anyOf": [{"type": "string"}, {"type": "integer"}]}), "/note: may now be integer"),
        (changed(level={"type": "integer", "minimum": 0, "maximum": 4}), "/level: maximum 3 became 4"),
        (changed(level={"type": "integer", "maximum": 3}), "/level: minimum 0 became none"),
        (changed(code={"type": "string", "pattern": "^B$"}), "/code: another pattern"),
        (changed(way={"type": "string", "enum": ["online", "post"]}), "/way: new values post"),
        (changed(way={"type": "string"}), "/way: any value"),
        (
            changed(others={"type": "object", "additionalProperties": {"type": "integer"}}),
            "/others/*: type string became integer",
        ),
        ({**OLD, "x-topic": "elsewhere"}, "x-topic None became elsewhere"),
        (changed(days={"type": "array", "items": {"type": "string"}}), "/days/*: type integer became string"),
        ({**OLD, "$defs": {"Party": {"type": "object", "properties": {}}}}, "/party/name: removed"),
    ],
)
def test_what_a_consumer_would_stumble_over_is_named(new: dict[str, Any], named: str):
    assert named in breaks(OLD, new)


def api(request: dict[str, Any], answer: dict[str, Any], parameters: list[dict[str, Any]]) -> dict[str, Any]:
    def content(schema: dict[str, Any]) -> dict[str, Any]:
        return {"content": {"application/json": {"schema": schema}}}

    operation = {"parameters": parameters, "requestBody": content(request), "responses": {"200": content(answer)}}
    return {
        "paths": {"/cases": {"post": operation}},
        "components": {"schemas": {"View": answer}},
    }


A = {"type": "string", "maxLength": 9, "enum": ["x", "y"]}
OPTIONAL = {"anyOf": [{"type": "string"}, {"type": "null"}]}
FORM = {"type": "object", "properties": {"a": A, "b": OPTIONAL}, "required": []}
VIEW = {"type": "object", "properties": {"id": {"type": "string"}, "n": OPTIONAL}, "required": ["id"]}
LIMIT = {"in": "query", "name": "limit", "schema": {"type": "integer", "maximum": 100}}


def form(**properties: Any) -> dict[str, Any]:
    return {**FORM, "properties": {**FORM["properties"], **properties}}


def view(**properties: Any) -> dict[str, Any]:
    return {**VIEW, "properties": {**VIEW["properties"], **properties}}


@pytest.mark.parametrize(
    ("new", "named"),
    [
        ({"paths": {}}, "POST /cases: removed"),
        (api({**FORM, "required": ["a"]}, VIEW, []), "POST /cases request/a: became required"),
        (api({**FORM, "properties": {}}, VIEW, []), "POST /cases request/a: is gone"),
        (api(FORM, {**VIEW, "required": []}, []), "POST /cases 200/id: is no longer always there"),
        (api(form(a={**A, "enum": ["x"]}), VIEW, []), "POST /cases request/a: no longer takes y"),
        (api(form(a={**A, "maxLength": 8}), VIEW, []), "POST /cases request/a: maxLength 9 became 8"),
        (api(form(a={**A, "pattern": "x"}), VIEW, []), "POST /cases request/a: another pattern"),
        (api(form(b={"type": "string"}), VIEW, []), "POST /cases request/b: is no longer taken as null"),
        (
            api({**FORM, "additionalProperties": False}, VIEW, []),
            "POST /cases request: no longer takes fields that it does not know",
        ),
        (
            api(FORM, view(n={"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}]}), []),
            "POST /cases 200/n: may now be integer",
        ),
        (
            api(FORM, VIEW, [{**LIMIT, "schema": {"type": "integer", "maximum": 50}}]),
            "POST /cases query parameter limit: maximum 100 became 50",
        ),
        (
            api(FORM, VIEW, [{"in": "query", "name": "q", "required": True}]),
            "POST /cases: query parameter q became required",
        ),
    ],
)
def test_what_a_client_would_stumble_over_is_named(new: dict[str, Any], named: str):
    assert named in breaking_changes_of(api(FORM, VIEW, [LIMIT]), new)


def test_to_take_more_or_to_say_less_breaks_nothing():
    wider = api(form(a={"type": "string"}, more={"type": "string"}), view(n={"type": "string"}), [LIMIT])
    assert breaking_changes_of(api(FORM, VIEW, [LIMIT]), wider) == []


def test_an_interface_breaks_nothing_of_itself():
    assert breaking_changes_of(api(FORM, VIEW, []), api(FORM, VIEW, [])) == []


def test_a_change_behind_a_reference_is_seen():
    old = api({"$ref": "#/components/schemas/Form"}, VIEW, []) | {"components": {"schemas": {"Form": FORM}}}
    new_form = form(a={"type": "integer"})
    new = api({"$ref": "#/components/schemas/Form"}, VIEW, []) | {"components": {"schemas": {"Form": new_form}}}
    assert breaking_changes_of(old, new) == ["POST /cases request/a: type string became integer"]
