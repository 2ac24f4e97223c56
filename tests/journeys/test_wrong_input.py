"""What is wrong is answered with a problem in Chinese that names the place, and nothing is done.

That an access token expires is shown where the clock can be moved: gateway/tests/people/test_api.py.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest

from onestop_local.browser import Browser
from onestop_local.checks import eventually, expect
from onestop_local.journey import ITEM, PDF
from onestop_local.stack import Stack
from svc_catalog.schemas.guides import GUIDE_EXAMPLE

pytestmark = pytest.mark.timeout(180)


class People:
    """The people of a stack as the gateway's API meets them; each signs in once."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._http = httpx.AsyncClient(base_url=stack.url + "/api", timeout=20)
        self._tokens: dict[str, str] = {}

    async def call(self, who: str | None, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request as `who`, or as nobody; a POST has a key unless it brings headers of its own."""
        headers = options.pop("headers", {"Idempotency-Key": str(uuid4())})
        if who and who not in self._tokens:
            async with Browser(self._stack, who) as browser:
                self._tokens[who] = (await browser.sign_in("web")).access_token
        bearer = {"Authorization": f"Bearer {self._tokens[who]}"} if who else {}
        return await self._http.request(method, path, headers=bearer | headers, **options)

    async def close(self) -> None:
        await self._http.aclose()


@pytest.fixture(scope="module")
async def people(stack: Stack) -> AsyncIterator[People]:
    met = People(stack)
    yield met
    await met.close()


@pytest.fixture(scope="module")
async def code(people: People) -> str:
    items = expect(await people.call(None, "GET", "/catalog/v1/items", params={"q": "开饭店"}), 200, "search")["items"]
    found = next(str(item["code"]) for item in items if item["name"] == ITEM)

    async def known() -> bool:
        answer = await people.call(
            "agent", "POST", "/intake/v1/cases", json={"guide_code": found, "answers": {"x": "y"}}
        )
        return answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY

    await eventually(known, "intake knows the guide")
    return found


@dataclass(frozen=True)
class Draft:
    """A draft of the agent's."""

    path: str
    etag: str


@pytest.fixture
async def draft(people: People, code: str) -> AsyncIterator[Draft]:
    """Return a draft; whatever the test sends, it is afterwards as it was."""
    body = {"guide_code": code, "answers": {"business_type": "sales", "online_business": "no"}}
    opened = await people.call("agent", "POST", "/intake/v1/cases", json=body)
    made = Draft(f"/intake/v1/cases/{expect(opened, 201, 'draft')['id']}", opened.headers["etag"])
    before = expect(await people.call("agent", "GET", made.path), 200, "draft")
    yield made
    assert expect(await people.call("agent", "GET", made.path), 200, "draft") == before


def shows(answer: httpx.Response, status: int, slug: str, *pointers: str) -> None:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    body = answer.json()
    assert (answer.status_code, body["status"], body["type"]) == (status, status, f"/problems/{slug}")
    texts = [body["title"], body["detail"], *(error["detail"] for error in body["errors"])]
    assert all(any("一" <= character <= "鿿" for character in text) for text in texts), texts
    assert {error["pointer"] for error in body["errors"]} == set(pointers)


async def test_an_unknown_item(people: People):
    shows(await people.call(None, "GET", "/catalog/v1/guides/nowhere"), 404, "unknown-item", "{code}")
    answer = await people.call("agent", "POST", "/intake/v1/cases", json={"guide_code": "nowhere"})
    shows(answer, 404, "unknown-item", "/guide_code")


async def test_a_suspended_item(people: People):
    found = await people.call(None, "GET", "/catalog/v1/items", params={"q": "食品经营许可补办"})
    item = expect(found, 200, "search")["items"][0]["code"]
    history: Any = (await people.call(None, "GET", f"/catalog/v1/guides/{item}/versions")).json()
    version = f"/catalog/v1/guide-versions/{history[0]['id']}"
    etag = (await people.call("catalog_publisher", "GET", version)).headers["etag"]
    answer = await people.call(
        "catalog_publisher",
        "POST",
        f"{version}/suspension",
        json={"reason": "依据修订，暂停受理"},
        headers={"Idempotency-Key": str(uuid4()), "If-Match": etag},
    )
    expect(answer, 200, "suspension")
    shows(await people.call(None, "GET", f"/catalog/v1/guides/{item}"), 409, "item-suspended", "{code}")
    after = {
        "Position-Token": answer.headers["position-token"], "Prefer": "wait=10", "Idempotency-Key": str(uuid4()),
    }  # fmt: skip
    body = {"guide_code": item, "answers": {}}
    opened = await people.call("agent", "POST", "/intake/v1/cases", json=body, headers=after)
    shows(opened, 409, "item-suspended", "/guide_code")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/guide_code"),
        ({"guide_code": "x", "colour": "red"}, "/colour"),
        ({"guide_code": 5}, "/guide_code"),
        ([], ""),
    ],
    ids=["missing", "surplus", "wrong type", "no object"],
)
async def test_a_missing_or_surplus_field(people: People, body: Any, pointer: str):
    shows(await people.call("agent", "POST", "/intake/v1/cases", json=body), 422, "invalid-fields", pointer)


async def test_a_body_of_another_content_type(people: People):
    headers = {"Idempotency-Key": str(uuid4()), "Content-Type": "text/plain"}
    answer = await people.call("agent", "POST", "/intake/v1/cases", content=b'{"guide_code": "x"}', headers=headers)
    shows(answer, 415, "unsupported-media-type", "#Content-Type")


async def test_a_surplus_field_of_a_form(people: People, draft: Draft):
    form = {"form": {"colour": "red"}}
    answer = await people.call("agent", "PUT", f"{draft.path}/form", json=form, headers={"If-Match": draft.etag})
    shows(answer, 422, "invalid-fields", "/form/colour")


async def test_everything_that_is_missing_is_named_at_once(people: People, draft: Draft):
    headers = {"Idempotency-Key": str(uuid4()), "If-Match": draft.etag}
    answer = await people.call("agent", "POST", f"{draft.path}/submission", headers=headers)
    asked = "business_name business_place business_scope business_type contact_phone credit_code legal_representative"
    shows(
        answer,
        422,
        "invalid-fields",
        *(f"/form/{name}" for name in (*asked.split(), "place_area")),
        *(f"/materials/M0{number}" for number in range(1, 5)),
    )


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ("/credit/v1/records?credit_code=91130371MA7001011P", "?credit_code"),
        ("/credit/v1/subjects/91130371MA7001011P", "{credit_code}"),
        (
            "/datashare/v1/licences/1.2.156.3005.2.11100000000013338W032.11130371037100371Q.JY11303710000019.001.0",
            "{identifier}",
        ),
    ],
    ids=["query", "path", "licence"],
)
async def test_a_wrong_check_digit(people: People, path: str, pointer: str):
    shows(await people.call(None, "GET", path), 422, "invalid-fields", pointer)


@pytest.mark.parametrize(
    ("content", "media_type", "status", "slug", "pointer"),
    [
        (b"", "application/pdf", 422, "file-empty", ""),
        (b"%PDF-1.4" + bytes(21 << 20), "application/pdf", 413, "file-too-large", ""),
        (b"hello", "text/plain", 415, "media-type-not-taken", "#Content-Type"),
        (b"MZ no pdf", "application/pdf", 422, "content-does-not-fit-type", ""),
    ],
    ids=["empty", "too large", "wrong content type", "disguised"],
)
async def test_a_wrong_file(
    people: People, draft: Draft, content: bytes, media_type: str, status: int, slug: str, pointer: str
):
    headers = {"Content-Type": media_type, "X-File-Name": "a.pdf"}
    answer = await people.call("agent", "PUT", f"{draft.path}/materials/M01", content=content, headers=headers)
    shows(answer, status, slug, pointer)


@pytest.mark.parametrize(
    ("headers", "status", "slug"),
    [
        ({"If-Match": '"99"'}, 412, "stale-version"),
        ({}, 428, "version-required"),
        ({"If-Match": "yesterday"}, 400, "malformed-header"),
    ],
    ids=["stale", "missing", "malformed"],
)
async def test_a_stale_etag(people: People, draft: Draft, headers: dict[str, str], status: int, slug: str):
    answer = await people.call("agent", "PUT", f"{draft.path}/form", json={"form": {}}, headers=headers)
    shows(answer, status, slug, "#If-Match")


async def test_a_missing_idempotency_key(people: People, code: str):
    answer = await people.call("agent", "POST", "/intake/v1/cases", json={"guide_code": code}, headers={})
    shows(answer, 400, "idempotency-key-required", "#Idempotency-Key")


async def test_a_token_that_is_none(people: People):
    headers = {"Authorization": "Bearer x.y.z"}
    answer = await people.call(None, "GET", "/intake/v1/cases", headers=headers)
    shows(answer, 401, "invalid-token", "#Authorization")
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_an_assertion_from_outside_is_taken_away_at_the_edge(people: People):
    answer = await people.call(None, "GET", "/catalog/v1/regions", headers={"Onestop-Assertion": "x"})
    assert answer.status_code == 200


async def test_nobody_signed_in(people: People, draft: Draft):
    shows(await people.call(None, "GET", draft.path), 401, "not-signed-in", "#Authorization")


@pytest.mark.parametrize("who", ["agent_2", "citizen", "window_clerk", "reviewer"])
async def test_a_foreign_case(people: People, draft: Draft, who: str):
    headers = {"Idempotency-Key": str(uuid4()), "If-Match": draft.etag}
    shows(await people.call(who, "GET", draft.path), 404, "case-not-found", "{case_id}")
    answer = await people.call(who, "POST", f"{draft.path}/submission", headers=headers)
    shows(answer, 404, "case-not-found", "{case_id}")
    pdf = {"Content-Type": "application/pdf"}
    answer = await people.call(who, "PUT", f"{draft.path}/materials/M01", content=PDF, headers=pdf)
    shows(answer, 404, "case-not-found", "{case_id}")


async def test_a_wrong_role(people: People, draft: Draft):
    headers = {"Idempotency-Key": str(uuid4()), "If-Match": draft.etag}
    answer = await people.call("agent", "POST", f"{draft.path}/acceptance", headers=headers)
    shows(answer, 403, "not-permitted", "#Authorization")
    written = await people.call("citizen", "POST", "/catalog/v1/guide-versions", json={"guide": GUIDE_EXAMPLE})
    shows(written, 403, "not-permitted", "#Authorization")
