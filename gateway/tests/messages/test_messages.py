"""Messages are sent after the change they tell of, until they are taken over."""

import hashlib
import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest

from gateway.messages.carriers import Mailbox, Webhook, open_carrier
from gateway.messages.domain import Message
from gateway.messages.service import carry_due, send
from onestop_legal.errors import NamedError

PHONE = "15400000001"
CODE = Message("code", {"code": "135790", "minutes": "5", "purpose": "登录"})
SECRET = "whsec_" + b64encode(b"k" * 32).decode()


class Operator:
    """The operator's system: takes what it is posted, or answers as told."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.answers: list[int] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        status = self.answers.pop(0) if self.answers else 204
        if status == 0:
            raise httpx.ConnectError("nobody there")
        return httpx.Response(status)


@pytest.fixture
def operator() -> Operator:
    return Operator()


@pytest.fixture
async def webhook(operator: Operator, clock: Any) -> AsyncIterator[Webhook]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(operator)) as client:
        yield Webhook(client, "https://sms.test/messages", SECRET, clock)


@asynccontextmanager
async def sending(gateway: Any, message: Message = CODE) -> AsyncIterator[None]:
    async with gateway.transaction() as tx:
        await send(tx, gateway.context.state.cipher, PHONE, message)
        yield


async def carry(gateway: Any, carrier: Any) -> int:
    return await carry_due(gateway.context, gateway.context.state.cipher, carrier)


async def test_a_message_goes_out_once_and_is_signed(gateway: Any, operator: Operator, webhook: Webhook):
    async with sending(gateway):
        pass
    assert await carry(gateway, webhook) == 1
    assert await carry(gateway, webhook) == 0
    (request,) = operator.requests
    told = json.loads(request.content)
    assert told["type"] == "message.requested"
    assert told["data"] == {
        "to": PHONE,
        "template": "code",
        "parameters": dict(CODE.parameters),
        "text": "【一网通办】验证码 135790，5 分钟内有效，用于登录。请勿告诉任何人，工作人员也不会向您索要。",
    }
    signed = b".".join([request.headers[name].encode() for name in ("webhook-id", "webhook-timestamp")])
    expected = hmac.digest(b64decode(SECRET[6:]), signed + b"." + request.content, hashlib.sha256)
    assert request.headers["webhook-signature"] == f"v1,{b64encode(expected).decode()}"


async def test_nothing_is_sent_when_the_change_is_undone(gateway: Any, webhook: Webhook):
    class Undone(NamedError):
        slug, title, status = "undone", "撤销", 409

    with pytest.raises(Undone):
        async with sending(gateway):
            raise Undone
    assert await carry(gateway, webhook) == 0


@pytest.mark.parametrize("answer", [0, 500, 302, 404])
async def test_a_message_that_is_not_taken_over_is_tried_again_later(
    gateway: Any, operator: Operator, webhook: Webhook, clock: Any, answer: int
):
    operator.answers = [answer]
    async with sending(gateway):
        pass
    assert await carry(gateway, webhook) == 1
    assert await carry(gateway, webhook) == 0
    clock.pass_(seconds=3)
    assert await carry(gateway, webhook) == 1
    assert await carry(gateway, webhook) == 0
    first, second = operator.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


async def test_a_message_that_is_too_old_is_not_sent_any_more(gateway: Any, webhook: Webhook, clock: Any):
    async with gateway.transaction() as tx:
        await send(tx, gateway.context.state.cipher, PHONE, CODE, timedelta(minutes=5))
    clock.pass_(minutes=5)
    assert await carry(gateway, webhook) == 0


async def test_a_process_that_dies_with_a_message_leaves_it_to_the_next(gateway: Any, webhook: Webhook, clock: Any):
    class Dying:
        async def carry(self, _outgoing: Any) -> None:
            raise KeyError

    async with sending(gateway):
        pass
    with pytest.raises(ExceptionGroup):
        await carry(gateway, Dying())
    assert await carry(gateway, webhook) == 0
    clock.pass_(seconds=61)
    assert await carry(gateway, webhook) == 1


async def test_phone_and_text_are_not_in_the_database_in_clear(gateway: Any):
    async with sending(gateway):
        pass
    row = await gateway.context.pool.fetchrow("SELECT * FROM message")
    assert not {PHONE, "135790"} & set(map(str, row.values()))
    assert PHONE.encode() not in row["sealed"]


async def test_on_one_machine_the_mailbox_shows_what_would_be_sent(gateway: Any, browser: Any):
    assert "还没有短信" in (await browser.get("/mailbox")).text
    async with sending(gateway):
        pass
    shown = (await browser.get("/mailbox")).text
    assert PHONE in shown
    assert "135790" in shown
    assert await carry(gateway, Mailbox()) == 1
    assert "135790" in (await browser.get("/mailbox")).text


async def test_in_production_there_is_no_mailbox(gateway: Any, browser: Any, monkeypatch: pytest.MonkeyPatch):
    context = gateway.context
    monkeypatch.setattr(context, "settings", context.settings.model_copy(update={"environment": "production"}))
    assert (await browser.get("/mailbox")).status_code == 404


async def test_a_secret_that_is_none_is_refused_at_the_start(clock: Callable[[], Any]):
    with pytest.raises(ValueError, match="MESSAGES_SECRET"):
        async with open_carrier("https://sms.test/messages", "letmein", clock):
            pass
