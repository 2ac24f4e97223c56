"""What programs and people read about the interfaces."""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING, Annotated, Any

import httpx
import pytest
from fastapi import FastAPI, Header
from pydantic import BaseModel, Field
from starlette.types import ASGIApp

from gateway.edge import documents
from onestop_legal.errors import NamedError
from onestop_runtime.problems import errors, say_problem_media_type

if TYPE_CHECKING:
    from conftest import Stage


class CaseNotFound(NamedError):
    """There is no such case, or it is not the caller's."""

    slug = "case-not-found"
    title = "没有这个办件"
    status = 404


class CaseView(BaseModel):
    """One case as the applicant sees it."""

    number: str = Field(description="办件编号", max_length=60)
    state: str = Field(description="<b>状态</b>")


def service() -> FastAPI:
    """Return an application that describes itself as services do."""
    app = FastAPI(title="办件受理", docs_url=None, generate_unique_id_function=lambda route: route.name)

    @app.post(
        "/api/intake/v1/cases/{case_id}/submission",
        tags=["办件"],
        summary="提交办件",
        status_code=201,
        responses=errors(CaseNotFound),
    )
    async def submit_case(
        case_id: str, form: CaseView, key: Annotated[str, Header(alias="Idempotency-Key")]
    ) -> CaseView:
        """Submit the draft once."""
        raise NotImplementedError((case_id, form, key))

    generate = app.openapi

    def document() -> dict[str, Any]:
        made = generate()
        say_problem_media_type(made)
        return made

    app.openapi = document  # type: ignore[method-assign]
    return app


@pytest.fixture
def intake() -> ASGIApp:
    # The annotations of this module are text, which FastAPI resolves in the module's own names.
    return service()


async def test_the_document_is_merged_from_what_the_services_answer(
    stage: Stage, client: httpx.AsyncClient, intake: ASGIApp
):
    edge = await stage.edge(await stage.asgi(intake))
    answer = await client.get(f"{edge}/openapi.json")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    document = answer.json()
    assert document["paths"]["/api/intake/v1/cases/{case_id}/submission"]["post"]["summary"] == "提交办件"
    assert "IntakeCaseView" in document["components"]["schemas"]
    assert "x-absent-services" not in document


async def test_the_document_is_not_sent_again_to_those_who_have_it(
    stage: Stage, client: httpx.AsyncClient, intake: ASGIApp
):
    edge = await stage.edge(await stage.asgi(intake))
    plain = await client.get(f"{edge}/openapi.json", headers={"Accept-Encoding": "identity"})
    packed = await client.get(f"{edge}/openapi.json", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.json() == plain.json()
    assert gzip.compress(plain.content)
    etag = plain.headers["etag"]
    assert (await client.get(f"{edge}/openapi.json", headers={"If-None-Match": etag})).status_code == 304


async def test_a_service_that_is_away_is_named_and_appears_when_it_is_back(
    stage: Stage, client: httpx.AsyncClient, intake: ASGIApp, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(documents, "KEPT_INCOMPLETE_SECONDS", 0.0)
    here = False

    async def sometimes(scope: Any, receive: Any, send: Any) -> None:
        if here:
            await intake(scope, receive, send)
        else:
            await send({"type": "http.response.start", "status": 503, "headers": []})
            await send({"type": "http.response.body", "body": b"{}"})

    edge = await stage.edge(await stage.asgi(sometimes))
    assert (await client.get(f"{edge}/openapi.json")).json()["x-absent-services"] == ["intake"]
    assert "目前联系不上的服务：intake" in (await client.get(f"{edge}/docs")).text
    here = True
    assert "x-absent-services" not in (await client.get(f"{edge}/openapi.json")).json()
    assert "提交办件" in (await client.get(f"{edge}/docs")).text


async def test_a_service_that_went_away_keeps_its_pages(
    stage: Stage, client: httpx.AsyncClient, intake: ASGIApp, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(documents, "KEPT_SECONDS", 0.0)
    edge = await stage.edge(await stage.asgi(intake))
    first = (await client.get(f"{edge}/openapi.json")).json()
    await stage.close_servers(1)
    assert (await client.get(f"{edge}/openapi.json")).json() == first


async def test_people_find_an_operation_and_read_what_it_asks(stage: Stage, client: httpx.AsyncClient, intake: ASGIApp):
    edge = await stage.edge(await stage.asgi(intake))
    contents = (await client.get(f"{edge}/docs", params={"q": "提交 办件"})).text
    assert "1 个接口" in contents
    assert 'href="/docs/intake#intake_submit_case"' in contents
    page = (await client.get(f"{edge}/docs/intake")).text
    for text in (
        'id="intake_submit_case"',
        "Idempotency-Key",
        "必填",
        "办件编号",
        "至多 60 个字",
        'href="/problems/case-not-found"',
        "curl -X POST &#39;https://zwfw.example.cn/api/intake/v1/cases/{case_id}/submission&#39;",
    ):
        assert text in page, text


async def test_each_problem_type_has_a_page_that_says_where_it_occurs(
    stage: Stage, client: httpx.AsyncClient, intake: ASGIApp
):
    edge = await stage.edge(await stage.asgi(intake))
    page = await client.get(f"{edge}/problems/case-not-found")
    assert page.status_code == 200
    assert "没有这个办件" in page.text
    assert "404" in page.text
    assert 'href="/docs/intake#intake_submit_case"' in page.text
    from_edge = (await client.get(f"{edge}/problems/upstream-timeout")).text
    assert "服务响应超时" in from_edge
    assert "任何接口都可能遇到" in from_edge
    listed = (await client.get(f"{edge}/problems")).text
    assert "case-not-found" in listed
    assert "upstream-unreachable" in listed


async def test_unknown_pages_are_not_found(stage: Stage, client: httpx.AsyncClient, intake: ASGIApp):
    edge = await stage.edge(await stage.asgi(intake))
    for path in ("/docs/nothing", "/problems/nothing", "/docs/", "/problems/a/b"):
        answer = await client.get(edge + path)
        assert answer.status_code == 404, path
        assert "没有找到" in answer.text


async def test_pages_need_nothing_from_outside_and_run_nothing(
    stage: Stage, client: httpx.AsyncClient, intake: ASGIApp
):
    edge = await stage.edge(await stage.asgi(intake))
    for path in ("/docs", "/docs/intake", "/problems", "/problems/case-not-found", "/docs?q=<script>"):
        answer = await client.get(edge + path)
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert "<script" not in answer.text
        assert "<b>" not in answer.text
        assert "style=" not in answer.text
        sources = re.findall(r'(?:src|href|action)="([^"]*)"', answer.text)
        assert sources
        assert all(source.startswith(("/", "#")) and not source.startswith("//") for source in sources)
    style = re.search(r'<link rel="stylesheet" href="([^"]+)"', answer.text)
    assert style
    sheet = await client.get(edge + style[1])
    assert sheet.headers["content-type"].startswith("text/css")
    assert "url(" not in sheet.text


async def test_the_documentation_is_only_read(stage: Stage, client: httpx.AsyncClient, intake: ASGIApp):
    edge = await stage.edge(await stage.asgi(intake))
    answer = await client.post(f"{edge}/docs")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
    assert answer.json()["type"] == "/problems/method-not-allowed"


async def test_the_gateways_own_interface_is_part_of_the_document(
    stage: Stage, client: httpx.AsyncClient, intake: ASGIApp
):
    own = FastAPI(title="身份与登录", generate_unique_id_function=lambda route: route.name)

    @own.get("/api/gateway/v1/me", tags=["身份"])
    async def me() -> dict[str, str]:
        return {"inside": "yes"}

    edge = await stage.edge_in(own, await stage.asgi(intake))
    document = (await client.get(f"{edge}/openapi.json")).json()
    assert {"/api/gateway/v1/me", "/api/intake/v1/cases/{case_id}/submission"} == set(document["paths"])
    assert (await client.get(f"{edge}/api/gateway/v1/me")).json() == {"inside": "yes"}
