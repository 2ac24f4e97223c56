"""What cannot be kept is the sender's mistake, said with its place, and never an error of ours."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest
from notes import service as notes

from onestop_runtime.caller import Caller
from onestop_runtime.inputs import DEEPEST, version_of
from onestop_runtime.problems import MalformedHeader

NOTES = "/api/notes/v1/notes"
ME = Caller(sub=uuid4(), kind="natural", client="web")
JSON = {"Content-Type": "application/json"}

Open = Callable[..., Awaitable[Any]]


@pytest.fixture
async def me(service_client: Open) -> Any:
    client = await service_client(notes.service())
    return client.as_(ME)


def said(answer: Any) -> tuple[int, str, list[str]]:
    problem = answer.json()
    return answer.status_code, problem["type"], [wrong["pointer"] for wrong in problem.get("errors", [])]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (rb'{"text": "a\u0000b"}', ["/text"]),
        (rb'{"text": "a", "b\u0000": 1}', ["/b\0"]),
        (rb'{"text": "a", "b/c": [1, {"~d": "\u0000"}]}', ["/b~1c/1/~0d"]),
    ],
)
async def test_a_character_that_no_database_holds_is_refused_at_its_place(me: Any, body: bytes, pointer: list[str]):
    assert said(await me.post(NOTES, content=body, headers=JSON)) == (422, "/problems/invalid-fields", pointer)


async def test_a_backslash_before_u0000_is_text_like_any_other(me: Any):
    answer = await me.post(NOTES, content=rb'{"text": "\\u0000"}', headers=JSON)
    assert (answer.status_code, answer.json()["text"]) == (201, r"\u0000")


@pytest.mark.parametrize(
    "body",
    [
        rb'{"text": "\ud800"}',
        b'{"text": NaN}',
        b'{"text": 1e999}',
        b'{"text": ' + b"9" * 400 + b"}",
        b'{"text": "\xff"}',
        b'{"text": ' + b"[" * 2000 + b"]" * 2000 + b"}",
        b'{"text": ' + b"[" * DEEPEST + b"]" * DEEPEST + b"}",
    ],
)
async def test_what_is_no_strict_json_is_malformed(me: Any, body: bytes):
    assert said(await me.post(NOTES, content=body, headers=JSON)) == (400, "/problems/malformed-body", [""])


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""])
async def test_a_body_that_says_it_is_no_json_is_refused(me: Any, media_type: str):
    answer = await me.post(NOTES, content=b'{"text": "a"}', headers={"Content-Type": media_type})
    assert said(answer) == (415, "/problems/unsupported-media-type", ["#Content-Type"])


@pytest.mark.parametrize(
    "media_type", ["application/json; charset=utf-8", "application/merge-patch+json", "Application/JSON"]
)
async def test_json_is_json_by_any_of_its_names(me: Any, media_type: str):
    answer = await me.post(NOTES, content=b'{"text": "a"}', headers={"Content-Type": media_type})
    assert answer.status_code == 201


async def test_a_query_that_no_database_holds_is_refused(me: Any):
    assert said(await me.get(f"{NOTES}?limit=2&cursor=a%00b")) == (422, "/problems/invalid-fields", ["?cursor"])


@pytest.mark.parametrize("header", ["²", '"' + "9" * 5000 + '"', "*", '"3" ,"4"', ""])
def test_an_if_match_that_is_no_version_is_malformed(header: str):
    with pytest.raises(MalformedHeader) as refused:
        version_of(header)
    assert [wrong.pointer for wrong in refused.value.errors] == ["#If-Match"]


@pytest.mark.parametrize("header", ["3", '"3"', 'W/"3"', ' "3" '])
def test_a_version_is_read_with_and_without_quotes(header: str):
    assert version_of(header) == 3


async def test_a_wrong_header_is_named(me: Any):
    key = {"Idempotency-Key": "k"}
    assert said(await me.post(NOTES, json={"text": "a"}, headers={"Idempotency-Key": "k" * 201}))[2] == [
        "#Idempotency-Key"
    ]
    note = (await me.post(NOTES, json={"text": "a"}, headers=key)).json()
    assert said(await me.post(NOTES, json={"text": "b"}, headers=key))[2] == ["#Idempotency-Key"]
    assert said(await me.put(f"{NOTES}/{note['id']}", json={"text": "b"}))[2] == ["#If-Match"]
    assert said(await me.put(f"{NOTES}/{note['id']}", json={"text": "b"}, headers={"If-Match": '"9"'}))[2] == [
        "#If-Match"
    ]
    assert said(await me.get(f"{NOTES}?cursor=zzz"))[2] == ["?cursor"]
