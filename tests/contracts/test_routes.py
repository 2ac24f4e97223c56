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
