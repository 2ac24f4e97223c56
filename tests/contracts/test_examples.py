"""Every text body of every operation shows an example, and every example is what its schema says."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from gateway.edge.openapi import operations
from onestop_legal import food_licence_number
from onestop_legal.credit_code import CreditCode
from onestop_legal.errors import NamedError
from onestop_legal.identity_number import IdentityNumber
from onestop_legal.implementation_code import ImplementationCode
from onestop_legal.licence_identifier import LicenceIdentifier

CONTRACTS = Path(__file__).parents[2] / "contracts"
EVERY_DOCUMENT = pytest.mark.parametrize(
    "document",
    ["gateway", "catalog", "intake", "workflow", "datashare", "credit", "merged"],
    indirect=True,
)


@pytest.fixture
def document(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Return one generated document; `test_contracts` proves that the files fit the code."""
    read: dict[str, Any] = json.loads((CONTRACTS / "openapi" / f"{request.param}.json").read_text())
    return read


def resolved(document: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in part:
        _, kind, name = part["$ref"].removeprefix("#/").split("/")
        part = document["components"][kind][name]
    return part


def bodies(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield place and description of every body that is sent or answered as text."""
    for path, method, operation in operations(document):
        parts = {"request": operation.get("requestBody", {}), **operation["responses"]}
        for name, part in parts.items():
            for media_type, body in resolved(document, part).get("content", {}).items():
                if body["schema"].get("format") != "binary":
                    yield f"{method.upper()} {path} {name} {media_type}", body


def examples_of(document: dict[str, Any], body: dict[str, Any]) -> list[Any]:
    """Return what is shown for a body: its own examples, else those of its schema."""
    own = [one["value"] for one in body.get("examples", {}).values()]
    if "example" in body:
        own.append(body["example"])
    return own or resolved(document, body["schema"]).get("examples", [])


def closed(part: Any) -> Any:
    """Return a copy of schemas in which an object has the properties it names and no others."""
    if isinstance(part, list):
        return [closed(one) for one in part]
    if not isinstance(part, dict):
        return part
    copy = {key: closed(value) for key, value in part.items()}
    if isinstance(part.get("properties"), dict) and part.get("type") == "object":
        copy.setdefault("additionalProperties", False)
    return copy


def mistakes(document: dict[str, Any]) -> Iterator[str]:
    """Yield where an example is missing or is not what its schema says."""
    components = closed(document["components"])
    for place, body in bodies(document):
        shown = examples_of(document, body)
        if not shown:
            yield f"{place}: shows no example"
        validator = jsonschema_rs.validator_for(
            {**closed(body["schema"]), "components": components}, validate_formats=True
        )
        for example in shown:
            yield from (f"{place}: {wrong.instance_path} {wrong.message}" for wrong in validator.iter_errors(example))


@EVERY_DOCUMENT
def test_every_body_has_an_example_that_fits_its_schema(document: dict[str, Any]):
    assert len(list(bodies(document))) > 40
    assert list(mistakes(document)) == []


@EVERY_DOCUMENT
def test_an_example_that_does_not_fit_is_caught(document: dict[str, Any]):
    (place, body), *_ = bodies(document)
    body["example"] = {"surprise": True}
    assert any(mistake.startswith(f"{place}: ") for mistake in mistakes(document))


def named(text: str) -> object:
    """Return what 18 characters stand for: a credit code, or a person's number."""
    try:
        return CreditCode.parse(text)
    except NamedError:
        return IdentityNumber.parse(text)


CODES: dict[str, Callable[[str], object]] = {
    r"JY\d{14}": food_licence_number.parse,
    r"1\.2\.156\.3005\.2\..*": LicenceIdentifier.parse,
    r"[1-9A-Y][1-9]\d{6}[\dA-Y]{10}": named,
    r"[1-9A-Y][1-9]\d{6}[\dA-Y]{10}\d{13}": ImplementationCode.parse,
}


def texts(value: Any) -> Iterator[str]:
    """Yield every text in an example."""
    match value:
        case str():
            yield value
        case list():
            for one in value:
                yield from texts(one)
        case dict():
            for one in value.values():
                yield from texts(one)


def wrong_codes(example: Any) -> Iterator[str]:
    """Yield the codes in an example whose check does not hold."""
    for text in texts(example):
        for pattern, parse in CODES.items():
            if re.fullmatch(pattern, text):
                try:
                    parse(text)
                except NamedError as error:
                    yield f"{text}: {error.detail}"


@EVERY_DOCUMENT
def test_every_code_in_an_example_of_a_body_checks(document: dict[str, Any]):
    shown = [example for _, body in bodies(document) for example in examples_of(document, body)]
    assert sorted(set(wrong_codes(shown))) == []


def test_every_code_in_an_example_of_an_event_checks():
    shown = [json.loads(path.read_text()) for path in (CONTRACTS / "events" / "examples").glob("*/*.json")]
    assert sorted(set(wrong_codes(shown))) == []


@pytest.mark.parametrize(
    "code",
    [
        "JY11303710000017",
        "1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.8",
        "91130371MA7001011P",
        "110105194912310021",
        "91130371MA7001011P4000101001000",
    ],
)
def test_a_code_that_does_not_check_is_caught(code: str):
    assert len(list(wrong_codes({"shown": [code]}))) == 1
