"""One document for all services: names do not collide, references hold, nothing internal shows."""

import json
from typing import Any

import pytest

from gateway.edge.openapi import SHARED, merge, operations


def document_of(service: str, **more: Any) -> dict[str, Any]:
    """Return a small document as a service generates it."""
    return {
        "openapi": "3.1.0",
        "info": {"title": f"{service} 服务", "version": "1.0.0"},
        "paths": {
            f"/api/{service}/v1/things": {
                "get": {
                    "tags": ["事物"],
                    "operationId": "list_things",
                    "parameters": [
                        {"in": "header", "name": "Onestop-Assertion", "schema": {"type": "string"}},
                        {"in": "query", "name": "q", "schema": {"type": "string"}},
                    ],
                    "responses": {
                        "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
                        "404": {
                            "content": {
                                "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
                            }
                        },
                    },
                }
            },
            "/internal/only": {"get": {"responses": {}}},
        },
        "components": {
            "schemas": {
                "Thing": {
                    "type": "object",
                    "properties": {"parts": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}},
                    "discriminator": {"propertyName": "kind", "mapping": {"a": "#/components/schemas/Thing"}},
                },
                **SHARED,
            },
            "securitySchemes": {"assertion": {"type": "apiKey", "in": "header", "name": "Onestop-Assertion"}},
        },
        **more,
    }


def references(part: Any) -> set[str]:
    """Return every reference in `part`, those of discriminators included."""
    found: set[str] = set()
    if isinstance(part, dict):
        for key, value in part.items():
            if key in ("$ref", "mapping"):
                found |= {value} if isinstance(value, str) else set(value.values())
            else:
                found |= references(value)
    elif isinstance(part, list):
        for one in part:
            found |= references(one)
    return found


def test_components_of_two_services_stand_beside_each_other():
    merged = merge({"intake": document_of("intake"), "credit": document_of("credit")})
    assert {"IntakeThing", "CreditThing", "Problem", "WrongField"} <= set(merged["components"]["schemas"])
    assert "IntakeProblem" not in merged["components"]["schemas"]
    assert list(merged["paths"]) == ["/api/credit/v1/things", "/api/intake/v1/things"]


def test_every_reference_leads_somewhere():
    merged = merge({"intake": document_of("intake"), "credit": document_of("credit")})
    for reference in references(merged):
        found: Any = merged
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]


def test_a_service_with_its_own_kind_of_problem_keeps_it():
    own = document_of("intake")
    own["components"]["schemas"]["Problem"] = {"type": "object", "title": "another"}
    merged = merge({"intake": own})
    assert merged["components"]["schemas"]["IntakeProblem"]["title"] == "another"
    assert merged["components"]["schemas"]["Problem"] == SHARED["Problem"]


def test_names_of_operations_and_tags_carry_the_service():
    merged = merge({"intake": document_of("intake"), "credit": document_of("credit")})
    assert [one["operationId"] for _, _, one in operations(merged)] == ["credit_list_things", "intake_list_things"]
    assert [tag["name"] for tag in merged["tags"]] == ["credit · 事物", "intake · 事物"]
    assert merged["x-tagGroups"][1] == {"name": "intake 服务", "service": "intake", "tags": ["intake · 事物"]}


def test_what_is_internal_does_not_show():
    text = json.dumps(merge({"intake": document_of("intake")})).lower()
    assert "onestop-assertion" not in text
    assert "/internal/only" not in text


def test_sign_in_is_described_once_and_calls_without_it_are_the_services_choice():
    merged = merge({"intake": document_of("intake")})
    assert list(merged["components"]["securitySchemes"]) == ["oidc"]
    assert merged["security"] == [{"oidc": []}, {}]


def test_every_routed_operation_tells_the_refusals_of_the_edge():
    merged = merge({"intake": document_of("intake")})
    for _, _, operation in operations(merged):
        assert operation["responses"]["default"] == {"$ref": "#/components/responses/EdgeRefusal"}
    examples = merged["components"]["responses"]["EdgeRefusal"]["content"]["application/problem+json"]["examples"]
    assert {"upstream-unreachable", "upstream-overloaded", "upstream-timeout", "invalid-token"} <= set(examples)


def test_a_deprecated_operation_describes_the_headers_that_say_so():
    document = document_of("intake")
    document["paths"]["/api/intake/v1/things"]["get"]["deprecated"] = True
    operation = merge({"intake": document})["paths"]["/api/intake/v1/things"]["get"]
    assert {"Deprecation", "Sunset"} == set(operation["responses"]["200"]["headers"])
    assert "headers" not in operation["responses"]["404"]


def test_absent_services_are_named():
    merged = merge({"intake": document_of("intake")}, absent=["workflow", "credit"])
    assert merged["x-absent-services"] == ["credit", "workflow"]
    assert "credit、workflow" in merged["info"]["description"]


def test_merging_changes_none_of_its_sources_and_gives_the_same_every_time():
    source = document_of("intake")
    before = json.dumps(source)
    assert merge({"intake": source}) == merge({"intake": source})
    assert json.dumps(source) == before


def test_a_collision_is_an_error_and_never_a_guess():
    twice = document_of("intake")
    twice["paths"]["/api/intake/v1/others"] = twice["paths"]["/api/intake/v1/things"]
    with pytest.raises(ValueError, match="intake_list_things"):
        merge({"intake": twice})
    joined = document_of("a-b")
    joined["components"]["schemas"] = {"C": {}}
    other = document_of("a")
    other["components"]["schemas"] = {"BC": {}}
    with pytest.raises(ValueError, match="ABC"):
        merge({"a-b": joined, "a": other})
