"""What passes the public door is listed; everything else is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from starlette.types import ASGIApp

from gateway.clients.domain import API_SCOPES
from gateway.edge.failures import MethodNotForwarded, UnknownService
from gateway.edge.routes import Route, RouteTable, ServiceRoutes
from gateway.edge.table import ROUTES
from onestop_runtime.caller import Caller
from onestop_runtime.ids import uuid7
from onestop_runtime.problems import NotFound

if TYPE_CHECKING:
    from conftest import Seen, Stage

intake = ServiceRoutes("intake")
CASES = "/api/intake/v1/cases"
LISTED = [
    intake.get("/items", public=True),
    intake.get("/cases"),
    intake.post("/cases", level=2),
    intake.get("/cases/{case_id}"),
    intake.get("/cases/archive"),
    intake.get("/cases/{case_id}/notes/{note}"),
    intake.post("/cases/archive/notes/{note}"),
]


def found(path: str, method: str = "GET") -> Route:
    return RouteTable(LISTED).find(f"/api/intake/v1{path}", method)


def test_a_parameter_stands_for_exactly_one_segment():
    assert found("/cases/1").path == f"{CASES}/{{case_id}}"
    assert found("/cases/食品").path == f"{CASES}/{{case_id}}"
    for path in ("/cases/1/2", "/cases/", "/cases/1/", "/cases//notes/1", ""):
        with pytest.raises(NotFound):
            found(path)


def test_a_name_goes_before_a_parameter_and_takes_nothing_away_from_it():
    assert found("/cases/archive").path == f"{CASES}/archive"
    assert found("/cases/archive/notes/1").path == f"{CASES}/{{case_id}}/notes/{{note}}"
    assert found("/cases/archive/notes/1", "POST").path == f"{CASES}/archive/notes/{{note}}"
    with pytest.raises(MethodNotForwarded):
        found("/cases/1/notes/1", "POST")


def test_what_is_read_by_get_is_read_by_head():
    assert found("/cases", "HEAD") is found("/cases")


def test_an_unlisted_method_is_told_which_ones_are():
    with pytest.raises(MethodNotForwarded) as refused:
        found("/cases", "DELETE")
    assert refused.value.allowed == ("GET", "HEAD", "POST")


def test_an_unlisted_service_is_another_problem_than_an_unlisted_address():
    with pytest.raises(NotFound):
        found("/nothing")
    for path in ("/api/nowhere/v1/cases", "/api/intake/v2/cases", "/api/intake", "/api/", "/"):
        with pytest.raises(UnknownService):
            RouteTable(LISTED).find(path, "GET")


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"sunset": date(2027, 1, 1)}, "ends without having been deprecated"),
        ({"scope": None, "level": 2}, "asks nobody"),
    ],
)
def test_a_row_that_contradicts_itself_is_refused(change: dict[str, Any], wrong: str):
    with pytest.raises(ValueError, match=wrong):
        replace(found("/cases"), **change)


def test_an_operation_is_listed_once():
    with pytest.raises(ValueError, match="listed twice"):
        RouteTable([*LISTED, intake.get("/cases")])


def test_every_scope_that_a_route_asks_for_can_be_registered_and_the_other_way_round():
    assert {route.scope for route in ROUTES} == {None, "openid", *API_SCOPES}


async def test_what_is_not_listed_reaches_no_service(
    stage: Stage, client: httpx.AsyncClient, seen: Seen, recorder: ASGIApp
):
    edge = await stage.edge(await stage.asgi(recorder), routes=LISTED)
    for path in ("/nothing", "/cases/1/2", "/items/", "/items/%2E"):
        refused = await client.get(f"{edge}/api/intake/v1{path}")
        assert refused.status_code in (400, 404)
        assert refused.json()["type"] in ("/problems/not-found", "/problems/unsafe-path")
    for method in ("TRACE", "PROPFIND", "DELETE"):
        refused = await client.request(method, f"{edge}{CASES}")
        assert (refused.status_code, refused.json()["type"]) == (405, "/problems/method-not-allowed")
        assert refused.headers["allow"] == "GET, HEAD, POST"
    assert not seen.scope
    assert (await client.get(f"{edge}/api/intake/v1/items")).status_code == 200


async def test_nobody_passes_where_somebody_has_to_be_signed_in(
    stage: Stage, client: httpx.AsyncClient, seen: Seen, recorder: ASGIApp
):
    edge = await stage.edge(await stage.asgi(recorder), routes=LISTED)
    refused = await client.get(f"{edge}{CASES}")
    assert (refused.status_code, refused.json()["type"]) == (401, "/problems/not-signed-in")
    assert refused.headers["www-authenticate"] == "Bearer"
    assert not seen.scope


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_a_client_of_others_does_what_the_person_let_it_do_and_no_more(
    stage: Stage, client: httpx.AsyncClient, seen: Seen, recorder: ASGIApp
):
    edge = await stage.edge(await stage.asgi(recorder), routes=LISTED)
    reads = bearer(stage.token(scopes="openid intake:read", first_party=False))
    assert (await client.get(f"{edge}{CASES}", headers=reads)).status_code == 200
    seen.scope = {}
    refused = await client.post(f"{edge}{CASES}", headers=reads)
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/insufficient-scope")
    assert refused.headers["www-authenticate"] == 'Bearer error="insufficient_scope", scope="intake:write"'
    assert not seen.scope
    everybody = bearer(stage.token(scopes="openid", first_party=False))
    assert (await client.get(f"{edge}/api/intake/v1/items", headers=everybody)).status_code == 200


async def test_no_scope_limits_our_own_clients_nor_who_comes_in_his_own_name(
    stage: Stage, client: httpx.AsyncClient, recorder: ASGIApp
):
    edge = await stage.edge(await stage.asgi(recorder), routes=LISTED)
    system = Caller(sub=uuid7(), kind="system", acr="2", client="department")
    for token in (stage.token(scopes="openid"), stage.token(system, scopes="", first_party=False)):
        assert (await client.post(f"{edge}{CASES}", headers=bearer(token))).status_code == 200


async def test_who_is_not_known_surely_enough_is_told_which_level_would_do(
    stage: Stage, client: httpx.AsyncClient, seen: Seen, recorder: ASGIApp
):
    edge = await stage.edge(await stage.asgi(recorder), routes=LISTED)
    by_telephone = bearer(stage.token(Caller(sub=uuid7(), kind="natural", acr="1", client="web")))
    assert (await client.get(f"{edge}{CASES}", headers=by_telephone)).status_code == 200
    seen.scope = {}
    refused = await client.post(f"{edge}{CASES}", headers=by_telephone)
    assert (refused.status_code, refused.json()["type"]) == (401, "/problems/insufficient-user-authentication")
    challenge = 'Bearer error="insufficient_user_authentication", acr_values="2"'
    assert refused.headers["www-authenticate"] == challenge
    assert not seen.scope


async def test_a_body_is_as_large_as_its_route_allows(
    stage: Stage, client: httpx.AsyncClient, seen: Seen, recorder: ASGIApp
):
    routes = [intake.post("/small", public=True, body_bytes=10), intake.post("/large", public=True, body_bytes=1000)]
    edge = await stage.edge(await stage.asgi(recorder), routes=routes)
    assert (await client.post(f"{edge}/api/intake/v1/large", content=b"x" * 1000)).status_code == 200
    seen.scope = {}
    for sent in (b"x" * 11, iter([b"x" * 6, b"x" * 6])):
        content = sent if isinstance(sent, bytes) else _parts(sent)
        refused = await client.post(f"{edge}/api/intake/v1/small", content=content)
        assert (refused.status_code, refused.json()["type"]) == (413, "/problems/body-too-large")


async def _parts(parts: Any) -> Any:
    for part in parts:
        yield part
