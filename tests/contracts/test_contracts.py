"""The contracts fit the code, break nothing that was released, and every event has an example that it understands."""

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from gateway.edge.openapi import operations
from onestop_legal.errors import NamedError
from onestop_messages import EVENTS
from onestop_messages.schemas import file_name, schema_of

CONTRACTS = Path(__file__).parents[2] / "contracts"
EXAMPLES = sorted((CONTRACTS / "events" / "examples").glob("*/*.json"))
TOPICS: dict[str, Any] = yaml.safe_load((CONTRACTS / "topics.yaml").read_text())["topics"]

_spec = importlib.util.spec_from_file_location("contracts_generate", CONTRACTS / "generate.py")
assert _spec
assert _spec.loader
generate = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(generate)


@pytest.fixture(scope="module")
def documents() -> dict[str, dict[str, Any]]:
    generated: dict[str, dict[str, Any]] = generate.generated()
    return generated


def test_the_generated_contracts_fit_the_code(documents: dict[str, dict[str, Any]]):
    assert generate.stale(documents) == []


def test_nothing_that_was_released_breaks(documents: dict[str, dict[str, Any]]):
    assert list(generate.breaking_changes(documents)) == []


def test_a_breaking_change_is_caught(documents: dict[str, dict[str, Any]]):
    path = "events/case.accepted.v1.json"
    schema = json.loads(json.dumps(documents[path]))
    del schema["properties"]["limits"]
    assert any("limits: removed" in change for change in generate.breaking_changes({**documents, path: schema}))


OPENAPI = "openapi/intake.json"


@pytest.mark.parametrize(
    ("path", "place", "value", "named"),
    [
        ("events/decision.made.v1.json", ["properties", "outcome", "enum"], ["granted", "denied", "partly"], "partly"),
        ("events/case.accepted.v1.json", ["x-topic"], "onestop.intake.other", "x-topic"),
        ("events/decision.made.v1.json", ["properties", "region", "pattern"], r"^\d{6}$", "/region: another pattern"),
        (OPENAPI, ["paths", "/api/intake/v1/cases"], {}, "POST /api/intake/v1/cases: removed"),
        (OPENAPI, ["components", "schemas", "CaseView", "properties", "id", "type"], "integer", "/id: type string"),
    ],
)
def test_a_change_of_a_real_contract_bites(
    documents: dict[str, dict[str, Any]], path: str, place: list[str], value: Any, named: str
):
    changed = json.loads(json.dumps(documents[path]))
    *way, last = place
    inner = changed
    for step in way:
        inner = inner[step]
    inner[last] = value
    found = list(generate.breaking_changes({**documents, path: changed}))
    assert any(named in change for change in found)


@pytest.mark.parametrize(
    ("fact", "value", "named"),
    [
        ("partitions", 32, "onestop.intake.case partitions 64 became 32"),
        ("key", "case number", "onestop.intake.case key case id became case number"),
        ("cleanup", "compact", "onestop.intake.case cleanup delete became compact"),
        ("events", [], "onestop.intake.case no longer carries case.accepted.v1"),
    ],
)
def test_a_topic_that_loses_order_or_events_bites(
    documents: dict[str, dict[str, Any]], fact: str, value: Any, named: str
):
    topics = generate._topics(CONTRACTS / "topics.yaml")
    topics["onestop.intake.case"] |= {fact: value}
    assert f"topics.yaml: {named}" in list(generate.breaking_changes(documents, topics))


def test_every_event_has_an_example():
    assert {path.parent.name for path in EXAMPLES} == {file_name(event_type) for event_type in EVENTS}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_example_fits_model_and_schema(path: Path):
    model = next(model for event_type, model in EVENTS.items() if file_name(event_type) == path.parent.name)
    data = json.loads(path.read_text())
    model.model_validate(data)
    assert set(data) <= set(model.model_fields)
    jsonschema_rs.validate(schema_of(model), data)


def test_every_event_travels_in_the_topic_that_lists_it():
    listed = {(topic, event) for topic, facts in TOPICS.items() for event in facts["events"]}
    assert listed == {(model.TOPIC, file_name(event_type)) for event_type, model in EVENTS.items()}


@pytest.mark.parametrize("service", ["catalog", "intake", "workflow", "datashare", "credit", "gateway"])
def test_a_service_reads_the_topics_that_name_it_and_no_others(service: str):
    package = generate.SERVICES[service]
    subscriptions = importlib.import_module(f"{package}.main").SERVICE.subscriptions
    named = {topic for topic, facts in TOPICS.items() if f"svc-{service}" in facts["consumers"]}
    assert {subscription.topic for subscription in subscriptions} == named
    kept_last = {topic for topic, facts in TOPICS.items() if facts.get("cleanup") == "compact"}
    assert {subscription.topic for subscription in subscriptions if subscription.compacted} == named & kept_last


@pytest.mark.parametrize("service", ["catalog", "intake", "workflow", "datashare", "credit"])
def test_every_operation_says_what_it_does_and_how_it_fails(documents: dict[str, dict[str, Any]], service: str):
    for path, methods in documents[f"openapi/{service}.json"]["paths"].items():
        for method, operation in methods.items():
            place = f"{method} {path}"
            assert operation.get("summary"), place
            failures = {status for status in operation["responses"] if status.startswith(("4", "5"))}
            assert failures, place
            for status in failures:
                content = operation["responses"][status]["content"]["application/problem+json"]
                assert content["examples"], f"{place} {status}"


def places_of(document: dict[str, Any], operation: dict[str, Any]) -> set[str]:
    """Return what a problem of an operation may point at: parameters, and the body with its fields."""
    signs = {"path": "{%s}", "query": "?%s", "header": "#%s"}
    places = {signs[one["in"]] % one["name"] for one in operation.get("parameters", ())} | {"#Authorization"}
    for body in operation.get("requestBody", {}).get("content", {}).values():
        places |= {"", "#Content-Type"}
        if "$ref" in body["schema"]:
            schema = document["components"]["schemas"][body["schema"]["$ref"].rpartition("/")[2]]
            places |= {f"/{name}" for name in schema["properties"]}
    return places


@pytest.mark.parametrize("service", ["gateway", "catalog", "intake", "workflow", "datashare", "credit"])
def test_problems_point_at_what_their_operation_takes(documents: dict[str, dict[str, Any]], service: str):
    document = documents[f"openapi/{service}.json"]
    pointers = [
        (f"{method.upper()} {path} {slug}", error["pointer"], places_of(document, operation))
        for path, method, operation in operations(document)
        for response in operation["responses"].values()
        for slug, example in response.get("content", {}).get("application/problem+json", {}).get("examples", {}).items()
        for error in example["value"].get("errors", ())
    ]
    assert pointers
    assert [(place, pointer) for place, pointer, known in pointers if pointer not in known] == []


def errors_below(error: type[NamedError]) -> Iterator[type[NamedError]]:
    for named in error.__subclasses__():
        yield named
        yield from errors_below(named)


def test_a_type_of_problem_has_one_title_in_all_services():
    """RFC 9457, 3.1.3: the title does not change from occurrence to occurrence."""
    ours = {"onestop_legal", "onestop_runtime", *generate.SERVICES.values()}
    for package in generate.SERVICES.values():
        importlib.import_module(f"{package}.main")
    titles: dict[str, set[str]] = {}
    for error in errors_below(NamedError):
        if error.__module__.partition(".")[0] in ours:
            titles.setdefault(error.slug, set()).add(error.title)
    assert {"unknown-item", "item-suspended", "invalid-assertion"} <= set(titles)
    assert {slug: found for slug, found in titles.items() if len(found) > 1} == {}
