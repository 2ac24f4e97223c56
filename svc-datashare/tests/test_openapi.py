"""The description of the interface is complete: examples, Chinese summaries, declared errors."""

from typing import Any

import pytest
from pydantic import BaseModel

from onestop_runtime.service import openapi
from svc_datashare.accesses.schemas import AccessView
from svc_datashare.exchange.schemas import ExchangeAnswer, ExchangeQuestion
from svc_datashare.grants.schemas import GrantView
from svc_datashare.licences.schemas import LicenceView
from svc_datashare.main import SERVICE
from svc_datashare.requests.schemas import NewRequest, RequestView
from svc_datashare.resources.schemas import Description, NewResource, ResourceView

DOCUMENT = openapi(SERVICE)
OPERATIONS = [
    (f"{method.upper()} {path}", operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]


def _schema(part: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = part["content"]["application/json"]["schema"]
    while "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if "items" in schema.get("properties", {}) and "next" in schema["properties"]:
        return DOCUMENT["components"]["schemas"][schema["properties"]["items"]["items"]["$ref"].rpartition("/")[2]]
    return schema


@pytest.mark.parametrize(("name", "operation"), OPERATIONS, ids=[name for name, _ in OPERATIONS])
def test_an_operation_is_described_with_examples_and_errors(name: str, operation: dict[str, Any]):
    assert operation["description"].isascii() is False, name
    (good,) = (answer for status, answer in operation["responses"].items() if status.startswith("2"))
    assert _schema(good)["examples"]
    if "requestBody" in operation:
        assert _schema(operation["requestBody"])["examples"]
    problems = {status for status in operation["responses"] if status.startswith(("4", "5"))}
    assert {"401", "403", "422", "503"} <= problems
    if "{" in name:
        assert "404" in problems
    if name.startswith("POST") and "exchange" not in name:
        assert {"400", "409"} <= problems


@pytest.mark.parametrize(
    "model",
    [
        AccessView,
        ExchangeAnswer,
        ExchangeQuestion,
        GrantView,
        LicenceView,
        NewRequest,
        RequestView,
        Description,
        NewResource,
        ResourceView,
    ],
)
def test_an_example_is_what_it_is_an_example_of(model: type[BaseModel]):
    for example in model.model_config["json_schema_extra"]["examples"]:  # type: ignore[index, call-overload]
        shown = model.model_validate(example)
        assert set(model.model_fields) >= set(example)
        assert shown
