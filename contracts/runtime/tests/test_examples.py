"""The documents a service gives show answers as they really look."""

from datetime import date
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from onestop_runtime.cursor import Page
from onestop_runtime.examples import complete_examples, example


class Stay(BaseModel):
    begun: date
    ended: date | None


class Guest(BaseModel):
    model_config = example(name="周海燕", nickname=None, stays=[{"begun": "2026-01-01", "ended": None}])

    name: str
    nickname: str | None
    stays: list[Stay]


class Silent(BaseModel):
    name: str


@pytest.fixture
def document() -> dict[str, Any]:
    app = FastAPI()

    @app.get("/guests/{name}")
    def one(name: str) -> Guest: ...

    @app.get("/guests")
    def several() -> list[Guest]: ...

    @app.get("/pages")
    def page() -> Page[Guest]: ...

    @app.get("/silent")
    def silent() -> list[Silent]: ...

    written = app.openapi()
    complete_examples(written)
    return written


GUEST = {"name": "周海燕", "nickname": None, "stays": [{"begun": "2026-01-01", "ended": None}]}


def answer(document: dict[str, Any], path: str) -> dict[str, Any]:
    schema: dict[str, Any] = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    return schema


def test_an_example_keeps_its_nulls_at_any_depth(document: dict[str, Any]):
    assert document["components"]["schemas"]["Guest"]["examples"] == [GUEST]


def test_a_list_shows_what_it_lists(document: dict[str, Any]):
    assert answer(document, "/guests")["examples"] == [[GUEST]]


def test_a_page_shows_what_it_lists_and_where_the_next_one_begins(document: dict[str, Any]):
    (shown,) = document["components"]["schemas"]["Page_Guest_"]["examples"]
    assert shown["items"] == [GUEST]
    assert isinstance(shown["next"], str)


def test_a_list_of_what_has_no_example_shows_none(document: dict[str, Any]):
    assert "examples" not in answer(document, "/silent")
