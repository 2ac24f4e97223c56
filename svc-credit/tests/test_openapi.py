"""The description of the interface is complete: examples, Chinese summaries, declared errors."""

from typing import Any

import pytest
from pydantic import BaseModel

from onestop_runtime.service import openapi
from svc_credit.main import SERVICE
from svc_credit.records.schemas import Completion, RecordDetail, RecordView, Withdrawal
from svc_credit.subjects.schemas import CreditFileView

DOCUMENT = openapi(SERVICE)
OPERATIONS = [
    (f"{method.upper()} {path}", operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
    if "/events/" not in path  # the same on every service, and looked after by the runtime's tests
]
FORBIDDEN = {"identity_number", "identity_document", "id_number", "legal_representative_id"}


def _schema(part: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = part["content"]["application/json"]["schema"]
    while "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if "items" in schema.get("properties", {}) and "next" in schema["properties"]:
        inner: dict[str, Any] = schema["properties"]["items"]["items"]
        found: dict[str, Any] = DOCUMENT["components"]["schemas"][inner["$ref"].rpartition("/")[2]]
        return found
    return schema


@pytest.mark.parametrize(("name", "operation"), OPERATIONS, ids=[name for name, _ in OPERATIONS])
def test_an_operation_is_described_with_examples_and_errors(name: str, operation: dict[str, Any]):
    assert not operation["description"].isascii()
    (good,) = (answer for status, answer in operation["responses"].items() if status.startswith("2"))
    assert _schema(good)["examples"]
    if "requestBody" in operation:
        assert _schema(operation["requestBody"])["examples"]
    problems = {status for status in operation["responses"] if status.startswith(("4", "5"))}
    assert {"401", "403", "422", "503"} <= problems
    if "{" in name:
        assert "404" in problems
    if not name.startswith("GET"):
        assert {"400", "409", "412", "428"} <= problems


@pytest.mark.parametrize("model", [Completion, CreditFileView, RecordDetail, RecordView, Withdrawal])
def test_an_example_is_what_it_is_an_example_of(model: type[BaseModel]):
    for example in model.model_config["json_schema_extra"]["examples"]:  # type: ignore[index, call-overload]
        assert model.model_validate(example)
        assert set(model.model_fields) >= set(example)


def test_no_answer_has_a_place_for_an_identity_document():
    fields = {name for schema in DOCUMENT["components"]["schemas"].values() for name in schema.get("properties", {})}
    assert not fields & FORBIDDEN
