"""The OpenAPI document shows an example for every body and names every error."""

from typing import Any

import pytest

from onestop_runtime.service import openapi
from svc_intake.main import SERVICE

DOCUMENT = openapi(SERVICE)
OPERATIONS = [
    pytest.param(operation, id=f"{method.upper()} {path.removeprefix('/api/intake/v1')}")
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]


def schema_of(part: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = part.get("content", {}).get("application/json", {}).get("schema", {})
    return resolved(schema)


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def has_example(schema: dict[str, Any]) -> bool:
    schema = resolved(schema)
    if "examples" in schema or "example" in schema:
        return True
    parts = schema.get("properties", {})
    return any("examples" in part or has_example(part.get("items", {})) for part in parts.values())


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_request_body_has_an_example(operation: dict[str, Any]):
    schema = schema_of(operation.get("requestBody", {}))
    assert not schema or "examples" in schema


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_answer_has_an_example(operation: dict[str, Any]):
    for status, answer in operation["responses"].items():
        if status.startswith("2") and schema_of(answer):
            assert has_example(schema_of(answer)), status


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_says_in_chinese_what_it_is_and_which_errors_it_gives(operation: dict[str, Any]):
    assert any("\u4e00" <= character <= "\u9fff" for character in operation["summary"])
    assert {"401", "403", "422", "503"} <= set(operation["responses"])
    for status, answer in operation["responses"].items():
        if status.startswith(("4", "5")):
            assert answer["content"]["application/problem+json"]["examples"]


def test_every_named_error_of_a_conflict_is_listed():
    conflicts = DOCUMENT["paths"]["/api/intake/v1/cases/{case_id}/correction-notice"]["post"]["responses"]["409"]
    assert {"corrections-already-named", "accepted-by-silence", "case-not-awaiting-answer"} <= set(
        conflicts["content"]["application/problem+json"]["examples"]
    )
