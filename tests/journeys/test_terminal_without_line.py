"""A self-service terminal loses its line while somebody applies there; what he did is done later, once, in his name."""

import asyncio
import hashlib
import json
import os
import secrets
import signal
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4

import httpx
import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey

from onestop_local.browser import Api, Browser
from onestop_local.checks import StepFailed, eventually, expect
from onestop_local.people import PEOPLE
from onestop_local.stack import Stack

pytestmark = pytest.mark.timeout(180)

ITEM = "80周岁以上老年人高龄津贴发放"
PDF = b"%PDF-1.7\n" + b"0" * 2000
CITIZEN = next(person for person in PEOPLE if person.key == "citizen")
CALLBACK = "http://127.0.0.1:8765/callback"
CASES = "/api/intake/v1/cases"
AWAY = {502, 503, 504}
FIELDS = {
    "name": "一号自助终端",
    "place": "综合服务大厅一楼东侧",
    "region": "130371",
    "hall": "130371-H01",
    "agency": "11130371037100371Q",
    "hours": [{"days": [1, 2, 3, 4, 5, 6, 7], "opens": "00:00", "closes": "24:00"}],
}


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - a stack lives at the present


def encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def digest(text: str) -> str:
    return encoded(hashlib.sha256(text.encode()).digest())


@dataclass
class Terminal:
    """The program of a terminal: proves its key with whatever it sends, and writes down what it cannot send."""

    issuer: str
    http: httpx.AsyncClient
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256"))
    client_id: str = ""
    nonce: str = ""
    kept: list[str] = field(default_factory=list)

    async def ask(self, method: str, path: str, token: str | None = None, **options: Any) -> httpx.Response:
        """Send a request with a proof; with a new one when the gateway names the nonce to use, or was away."""
        given = options.pop("headers", {}) | ({"Authorization": f"DPoP {token}"} if token else {})

        async def answered() -> httpx.Response | None:
            headers = {"DPoP": self._proof(method, path, token)}
            try:
                answer = await self.http.request(method, path, headers=headers | given, **options)
            except httpx.TransportError:
                return None
            stale, self.nonce = self.nonce, answer.headers.get("dpop-nonce", self.nonce)
            refused = answer.status_code >= 400 and stale != self.nonce
            return None if refused or answer.status_code in AWAY else answer

        found: httpx.Response = await eventually(answered, f"{method} {path}")
        return found

    async def tokens(self, grant_type: str, **form: str) -> dict[str, Any]:
        def proof_of_itself() -> dict[str, str]:
            claims = {"iss": self.client_id, "sub": self.client_id, "aud": self.issuer, "jti": secrets.token_hex(8)}
            signed = jwt.encode({"alg": "ES256"}, claims | {"exp": int(now().timestamp()) + 60}, self.key)
            kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
            return {"client_assertion_type": kind, "client_assertion": signed, "grant_type": grant_type, **form}

        answer = await self.ask("POST", "/oauth/token", data=proof_of_itself())
        if answer.status_code != 200:  # an assertion counts once, also when the proof beside it needed a nonce
            answer = await self.ask("POST", "/oauth/token", data=proof_of_itself())
        return expect(answer, 200, grant_type)

    def write_down(self, stay: str, method: str, path: str, body: Any, if_match: str | None = None) -> None:
        """Sign what cannot be sent at the moment, and chain it to what was signed before."""
        before = self.kept[-1] if self.kept else self.key.thumbprint()
        request = {
            "sequence": len(self.kept) + 1,
            "previous": digest(before),
            "made_at": now().isoformat(),
            "grant_id": stay,
            "method": method,
            "path": path,
            "idempotency_key": str(uuid4()),
            "if_match": if_match,
            "body": body,
        }
        header = {"alg": "ES256", "typ": "onestop-request+jws"}
        self.kept.append(jws.serialize_compact(header, json.dumps(request), self.key, algorithms=["ES256"]))

    async def hand_in(self) -> list[dict[str, Any]]:
        """Hand in everything, and return what came of it."""
        own = (await self.tokens("client_credentials"))["access_token"]
        path = "/api/gateway/v1/terminal-batches"
        answer = await self.ask("POST", path, own, json={"requests": self.kept})
        answers: list[dict[str, Any]] = expect(answer, 200, "提交离线请求")["answers"]
        return answers

    def _proof(self, method: str, path: str, token: str | None) -> str:
        header = {"alg": "ES256", "typ": "dpop+jwt", "jwk": self.key.as_dict(private=False)}
        claims = {"htm": method, "htu": self.issuer + path, "iat": int(now().timestamp()), "jti": secrets.token_hex(8)}
        claims |= {"nonce": self.nonce} | ({"ath": digest(token)} if token else {})
        return jwt.encode(header, claims, self.key)


@dataclass
class Hall:
    """The administrator, the citizen's own phone, and the terminal that he stands at."""

    stack: Stack
    opened: AsyncExitStack
    terminal: Terminal

    async def api(self, person: str) -> Api:
        browser = await self.opened.enter_async_context(Browser(self.stack, person))
        api = Api(self.stack, await browser.sign_in("web"))
        self.opened.push_async_callback(api.close)
        return api

    async def set_up(self) -> None:
        """Have the administrator register the terminal, and the terminal bring its key."""
        admin = await self.api("admin")
        registered = expect(await admin.post("/gateway/v1/terminals", FIELDS), 201, "登记终端")
        code = await admin.post(f"/gateway/v1/terminals/{registered['id']}/enrolment-codes")
        body = {"enrolment_code": expect(code, 201, "注册码")["enrolment_code"]}
        answer = await self.terminal.ask("POST", "/api/gateway/v1/terminal-enrolments", json=body)
        self.terminal.client_id = expect(answer, 201, "终端注册")["client_id"]

    async def welcome(self) -> dict[str, Any]:
        """Let the citizen sign in at the screen, and agree that it acts when he has left; return his tokens."""
        verifier = secrets.token_urlsafe(48)
        asked = {
            "response_type": "code",
            "client_id": self.terminal.client_id,
            "redirect_uri": CALLBACK,
            "scope": "openid profile offline_access",
            "state": "s",
            "nonce": "n",
            "code_challenge": digest(verifier),
            "code_challenge_method": "S256",
        }
        async with Browser(self.stack, "citizen") as screen:
            reached = await screen.go(f"/oauth/authorize?{urlencode(asked)}", CALLBACK)
        code = parse_qs(urlsplit(reached).query)["code"][0]
        return await self.terminal.tokens(
            "authorization_code", code=code, redirect_uri=CALLBACK, code_verifier=verifier
        )


@pytest.fixture
async def hall(stack: Stack) -> AsyncIterator[Hall]:
    issuer = stack.document["gateway"]["url"]
    async with AsyncExitStack() as opened:
        http = await opened.enter_async_context(httpx.AsyncClient(base_url=issuer, timeout=60))
        hall = Hall(stack, opened, Terminal(issuer, http))
        await hall.set_up()
        yield hall


async def prepared(hall: Hall, token: str) -> tuple[dict[str, Any], dict[str, Any], str]:
    """Open a case at the terminal and hand in its papers while there is a line; return guide, case and ETag."""
    terminal = hall.terminal
    nobody = Api(hall.stack)
    hall.opened.push_async_callback(nobody.close)
    items = expect(await nobody.get("/catalog/v1/items", q="高龄津贴"), 200, "搜索")["items"]
    code = next(item["code"] for item in items if item["name"] == ITEM)
    found = expect(await nobody.get(f"/catalog/v1/guides/{code}"), 200, "办事指南")
    guide: dict[str, Any] = found.get("guide", found)
    body = {"guide_code": guide["code"], "answers": answers_to(guide)}

    async def opened() -> httpx.Response | None:
        answer = await terminal.ask("POST", CASES, token, json=body, headers={"Idempotency-Key": str(uuid4())})
        return None if answer.status_code == 404 else answer

    answer = await eventually(opened, "受理服务取得办事指南")
    case, etag = expect(answer, 201, "新建申请"), answer.headers["etag"]
    for one in case["materials"]:
        if one["need"] == "1":
            path = f"{CASES}/{case['id']}/materials/{one['code']}"
            headers = {"Content-Type": "application/pdf", "X-File-Name": "a.pdf"}
            etag = (await terminal.ask("PUT", path, token, content=PDF, headers=headers)).headers["etag"]
    return guide, case, etag


def answers_to(guide: dict[str, Any]) -> dict[str, Any]:
    return {question["id"]: question["options"][0]["value"] for question in guide["questions"]}


def form_of(guide: dict[str, Any]) -> dict[str, Any]:
    known = {"applicant_name": CITIZEN.name, "identity_number": CITIZEN.identity_number, "phone": CITIZEN.phone}
    return {name: known.get(name, "6217000010000000000") for name in guide["form"]["required"]}


def next_version(etag: str) -> str:
    return f'"{int(etag.strip(chr(34))) + 1}"'


async def test_what_somebody_did_without_a_line_is_done_once_and_in_his_name(hall: Hall):
    terminal = hall.terminal
    tokens = await hall.welcome()
    stay, (guide, case, etag) = tokens["grant_id"], await prepared(hall, tokens["access_token"])
    path = f"{CASES}/{case['id']}"
    own = await hall.api("citizen")
    before = {one["id"] for one in expect(await own.get("/intake/v1/cases"), 200, "本人的办件")["items"]}

    # The line is gone: he fills in the form and submits, and opens another case; then he leaves.
    terminal.write_down(stay, "PUT", f"{path}/form", {"form": form_of(guide)}, if_match=etag)
    terminal.write_down(stay, "POST", f"{path}/submission", None, if_match=next_version(etag))
    terminal.write_down(stay, "POST", CASES, {"guide_code": guide["code"], "answers": answers_to(guide)})

    # The line is back: the terminal hands all in, several times over, and the gateway is killed meanwhile.
    async def settled() -> list[dict[str, Any]] | None:
        try:
            answers = await terminal.hand_in()
        except StepFailed:  # the gateway was killed
            return None
        return None if any(it["state"] == "waiting" for it in answers) else answers

    async with asyncio.TaskGroup() as group:
        group.create_task(settled())
        await asyncio.sleep(0.05)
        os.kill(int(Stack.read(hall.stack.name).document["processes"]["gateway"]), signal.SIGKILL)
    answers = await eventually(settled, "离线请求全部有结果")
    assert [it["status"] for it in answers] == [200, 201, 201]
    for again in await asyncio.gather(*(terminal.hand_in() for _ in range(3))):
        assert again == answers

    seen = expect(await own.get(f"/intake/v1/cases/{case['id']}"), 200, "本人查看")
    receipt = expect(await own.get(f"/intake/v1/cases/{case['id']}/receipt"), 200, "回执")
    assert (seen["state"], receipt["case_number"]) == ("submitted", answers[1]["body"]["case_number"])
    listed = {one["id"] for one in expect(await own.get("/intake/v1/cases"), 200, "本人的办件")["items"]}
    assert listed - before == {answers[2]["body"]["id"]}
    told = expect(await own.get("/gateway/v1/records"), 200, "本人的记录")["items"]
    assert [it["verb"] for it in told].count("late-request.carried-out") == len(terminal.kept)
