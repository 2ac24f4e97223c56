"""A person whose name, number and phone nobody else has goes through everything; they turn up nowhere.

They lie encrypted in the gateway, the name also in the form of a case, encrypted with his key; the screens that he, or
the clerk before whom he stands, looks at show them. Logs, spans, events, audit trails and the databases hold none.
"""

import re
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from onestop_legal.identity_number import IdentityNumber
from onestop_local.browser import Api, Browser, SignInFailed
from onestop_local.checks import eventually, expect
from onestop_local.databases import ServiceDatabase
from onestop_local.secrecy import Secrets
from onestop_local.stack import Home, Stack
from onestop_local.topics import contract

pytestmark = pytest.mark.timeout(240)

SERVICES = ("gateway", "catalog", "intake", "workflow", "datashare", "credit")


@dataclass(frozen=True)
class Canary:
    """The marked person."""

    username: str
    password: str
    name: str
    number: str
    phone: str

    @property
    def marks(self) -> dict[str, tuple[bytes, ...]]:
        """What must not turn up, each also as databases and consoles show bytes; the family name may."""
        plain = {"name": self.name[2:], "number": self.number, "phone": self.phone, "password": self.password}
        return {
            kind: (text.encode(), text.encode().hex().encode(), text.encode("unicode_escape"))
            for kind, text in plain.items()
        }

    def named(self) -> dict[str, str]:
        return {"name": self.name, "identity_number": self.number}


@pytest.fixture
def canary() -> Canary:
    day = 1 + secrets.randbelow(28)
    body = f"130371197105{day:02d}{secrets.randbelow(1000):03d}"
    return Canary(
        username=f"canary-{secrets.token_hex(4)}",
        password=f"煤矿-{secrets.token_urlsafe(12)}",
        name="欧阳金丝雀",
        number=body + IdentityNumber.check_character(body),
        phone=f"1549{secrets.randbelow(10**7):07d}",
    )


@pytest.fixture
async def opened() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def code_to(stack: Stack, phone: str) -> str:
    """Return the code of the newest message to a phone."""
    async with httpx.AsyncClient(base_url=stack.url) as http:
        shown = (await http.get("/mailbox")).text
    message = shown.partition(f"<h2>{phone} ")[2].partition("</p>")[0]
    found = re.search(r"验证码 (\d{6})", message)
    assert found, message
    return found[1]


async def register(stack: Stack, who: Canary) -> None:
    api = Api(stack)
    sent = expect(await api.post("/gateway/v1/registrations/codes", {"phone": who.phone}), 202, "注册：验证码")
    typed = {"transaction": sent["transaction"], "code": await code_to(stack, who.phone)}
    expect(await api.post("/gateway/v1/registrations/proofs", typed), 204, "注册：验证手机")
    new = {"transaction": sent["transaction"], "username": who.username, "password": who.password, **who.named()}
    expect(await api.post("/gateway/v1/registrations", new), 201, "注册")
    await api.close()


async def go_through_everything(stack: Stack, who: Canary, opened: AsyncExitStack) -> None:
    """Register, be seen at a window, sign in, consent, give mandates, apply; with some mistakes on the way."""
    await register(stack, who)

    async def browser_of(person: str) -> Browser:
        return await opened.enter_async_context(Browser(with_canary, person))

    async def api_of(browser: Browser, act: str | None = None) -> Api:
        api = Api(stack, await browser.sign_in("web", act))
        opened.push_async_callback(api.close)
        return api

    account = {"username": who.username, "password": who.password}
    wrong = account | {"password": who.password + "x"}
    people = {**stack.document["people"], "canary": account, "mistaken": wrong}
    with_canary = Stack(stack.name, {**stack.document, "people": people})
    with pytest.raises(SignInFailed):
        await api_of(await browser_of("mistaken"))

    clerk = await api_of(await browser_of("window_clerk"))
    sought = {"identity_number": who.number, "purpose": "verification"}
    (found,) = (await clerk.post("/gateway/v1/people/look-ups", sought)).json()
    path = f"/gateway/v1/people/{found['sub']}/verifications"
    expect(await clerk.post(path, {**who.named(), "purpose": "verification"}), 204, "当面核验")

    own = await browser_of("canary")
    with pytest.raises(SignInFailed):  # the consent is given; the department's own proof is no matter here
        await own.sign_in("department")
    me = await api_of(own)
    (consent,) = [it for it in (await me.get("/gateway/v1/consents")).json() if not it["first_party"]]

    today = datetime.now(UTC).date()  # noqa: TID251 - a stack lives at the present
    terms = {"valid_from": today.isoformat(), "valid_to": (today + timedelta(days=90)).isoformat()}
    agent_browser = await browser_of("township_agent")
    agent = await api_of(agent_browser)
    ask = {"basis": "resident", "principal": who.named(), **terms}
    refused = {**ask, "principal": {"name": who.name + "儿", "identity_number": who.number}}
    assert (await agent.post("/gateway/v1/mandate-requests", refused)).status_code == 422
    waiting = expect(await agent.post("/gateway/v1/mandate-requests", ask), 201, "申请代办")
    path = f"/gateway/v1/mandates/{waiting['id']}"
    card = {"identity_number": who.number, "evidence": "identity-card"}
    given = expect(await clerk.post(f"{path}/window-confirmation", card, etag='"1"'), 200, "窗口确认")

    acting = await api_of(agent_browser, given["principal"]["id"])
    await apply_for(acting, who)
    expect(await me.get("/gateway/v1/records"), 200, "我的记录")
    expect(await me.post(f"{path}/withdrawal", etag='"2"'), 200, "撤回授权")
    async with httpx.AsyncClient(base_url=stack.url) as http:
        bearer = {"Authorization": f"Bearer {(await own.sign_in('web')).access_token}"}
        answer = await http.delete(f"/api/gateway/v1/consents/{consent['client_id']}", headers=bearer)
        assert answer.status_code == 204


async def apply_for(acting: Api, who: Canary) -> None:
    items = expect(await acting.get("/catalog/v1/items", q="高龄津贴"), 200, "搜索")["items"]

    async def opened_case() -> httpx.Response | None:
        answer = await acting.post("/intake/v1/cases", {"guide_code": items[0]["code"], "answers": {}})
        return answer if answer.status_code == 201 else None

    answer = await eventually(opened_case, "受理服务取得办事指南")
    path = f"/intake/v1/cases/{answer.json()['id']}"
    form = {"applicant_name": who.name, "identity_number": who.number, "phone": who.phone}
    expect(await acting.put(f"{path}/form", {"form": form}, etag=answer.headers["etag"]), 200, "填写")


async def dump_of(dsn: str) -> bytes:
    """Return all rows of all tables as text."""
    connection = await asyncpg.connect(dsn)
    names = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    rows = [
        record[0]
        for row in names
        for record in await connection.fetch(f'SELECT t::text FROM "{row[0]}" t')  # noqa: S608
    ]
    await connection.close()
    return "\n".join(rows).encode()


def dsn_of(stack: Stack, home: Home, service: str) -> str:
    known: str = stack.document["services"]["intake"]["dsn"]
    if service != "gateway":
        found: str = stack.document["services"][service]["dsn"]
        return found
    name = urlsplit(known).path.removeprefix("/").replace("intake", service)
    return ServiceDatabase(service, name, Secrets(home.secrets).database_password(service)).dsn(known)


async def topics_of(stack: Stack) -> bytes:
    """Return every message of every topic, with its headers."""
    consumer = AIOKafkaConsumer(bootstrap_servers=stack.document["kafka"]["bootstrap"], enable_auto_commit=False)
    await consumer.start()
    partitions = [TopicPartition(it.name, number) for it in contract() for number in range(it.partitions)]
    consumer.assign(partitions)
    await consumer.seek_to_beginning()
    ends = await consumer.end_offsets(partitions)
    read: list[bytes] = []
    while any([await consumer.position(it) < ends[it] for it in partitions]):
        for messages in (await consumer.getmany(timeout_ms=500)).values():
            for message in messages:
                read += [message.key or b"", message.value or b"", *(value for _, value in message.headers)]
    await consumer.stop()
    return b"\n".join(read)


async def test_what_is_personal_turns_up_nowhere(stack: Stack, collector: Any, canary: Canary, opened: AsyncExitStack):
    await go_through_everything(stack, canary, opened)
    home = Home.of(stack.name)

    async def spans_arrived() -> bool:
        taken = b"".join(collector.taken)
        return b"svc-gateway" in taken and b"/api/intake/v1/cases/{case_id}/form" in taken

    await eventually(spans_arrived, "跟踪数据")
    places = {f"log {file.name}": file.read_bytes() for file in (home.directory / "logs").iterdir()}
    places |= {f"database {name}": await dump_of(dsn_of(stack, home, name)) for name in SERVICES}
    places |= {"topics": await topics_of(stack), "spans": b"".join(collector.taken)}
    assert "欧****".encode() in places["database gateway"]
    assert b"mandate.given" in places["database gateway"]
    assert b"cn.onestop.gateway.mandate.given.v1" in places["topics"]
    assert len(places) > 2 * len(SERVICES)
    found = [
        f"{kind} in {place}"
        for place, content in places.items()
        for kind, forms in canary.marks.items()
        if any(form in content for form in forms)
    ]
    assert found == []
