"""The table of the public door and the documents of the services name the same operations."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.edge.openapi import operations
from gateway.edge.table import ROUTES

OPENAPI = Path(__file__).parents[2] / "contracts" / "openapi"
SERVICES = ("catalog", "credit", "datashare", "gateway", "intake", "workflow")


def documented(service: str) -> dict[tuple[str, str], dict[str, Any]]:
    document = json.loads((OPENAPI / f"{service}.json").read_text())
    return {(method.upper(), path): operation for path, method, operation in operations(document)}


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_that_a_service_documents_passes_the_door_and_no_other(service: str):
    prefix = f"/api/{service}/v1"
    listed = {(route.method, route.path) for route in ROUTES if route.service == service}
    wanted = {(method, path) for method, path in documented(service) if path.startswith(prefix)}
    missing = [f'{service}.{method.lower()}("{path.removeprefix(prefix)}")' for method, path in wanted - listed]
    assert not missing, f"rows to add to gateway/edge/table.py: {', '.join(sorted(missing))}"
    assert not listed - wanted, "rows in gateway/edge/table.py that no service documents"


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_documented_as_deprecated_says_since_when_at_the_door(service: str):
    deprecated = {key for key, operation in documented(service).items() if operation.get("deprecated")}
    dated = {(route.method, route.path) for route in ROUTES if route.service == service and route.deprecated}
    assert dated == deprecated


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_can_wait_for_what_was_done_and_every_command_says_what_it_did(service: str):
    for (method, path), operation in documented(service).items():
        if not path.startswith(f"/api/{service}/v1"):
            continue
        place = f"{method} {path}"
        assert {"Position-Token", "Prefer"} <= {one["name"] for one in operation["parameters"]}, place
        problems = {
            slug
            for answer in operation["responses"].values()
            for slug in answer.get("content", {}).get("application/problem+json", {}).get("examples", {})
        }
        assert {"invalid-position", "position-not-reached", "position-held-up"} <= problems, place
        (answer,) = (one for status, one in operation["responses"].items() if status.startswith("2"))
        told = {"Position-State"} if method == "GET" else {"Position-State", "Position-Token"}
        assert told <= answer.get("headers", {}).keys(), place
