"""What the tests of intake share: people, a guide, a clock that can be moved, and the steps of a case."""

import asyncio
import copy
import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx

from onestop_local.testing.client import ServiceClient, signing_key
from onestop_messages import EVENTS
from onestop_runtime.caller import Caller, Party
from onestop_runtime.ids import uuid7
from onestop_runtime.inbox import Applier, Message
from svc_intake.exchange import Exchange
from svc_intake.seed import seed

API = "/api/intake/v1"
HALL = "130371-H01"
APPROVAL_BUREAU = "11130371037100371Q"
GUIDE_CODE = "11130371037100371Q4000131001000"
RESOURCE = "FR-YYZZ-001"
PDF = b"%PDF-1.7\n" + b"0" * 2000
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 500
EXAMPLES = Path(__file__).parents[2] / "contracts" / "events" / "examples"

SHANHAI = Party(uuid7(), "91130371MA7001010P", "秦皇岛开发区山海食品有限公司")
BOHAI = Party(uuid7(), "91130371MA70083272", "秦皇岛开发区渤海餐饮管理有限公司")


def staff(*roles: str, agency: str, hall: str | None = None) -> Caller:
    return Caller(
        sub=uuid7(), kind="staff", agency=agency, hall=hall, region="130371", client="hall", channel="hall",
        given_roles=frozenset(roles),
    )  # fmt: skip


AGENT = Caller(sub=uuid7(), kind="natural", act=SHANHAI, mandate=uuid7(), client="web", channel="web", name="周海燕")
AGENT_2 = Caller(sub=uuid7(), kind="natural", act=BOHAI, mandate=uuid7(), client="web", channel="web", name="吴建军")
CITIZEN = Caller(sub=uuid7(), kind="natural", client="web", channel="web", name="赵晓梅")
PRINCIPAL = Party(CITIZEN.sub or uuid7(), None, "赵**")
TOWNSHIP_AGENT = Caller(
    sub=uuid7(), kind="staff", act=PRINCIPAL, mandate=uuid7(), agency="1113037103710740XG", region="130371001",
    client="web", channel="web", name="马**", given_roles=frozenset({"township_agent"}),
)  # fmt: skip
DAUGHTER = Caller(sub=uuid7(), kind="natural", act=PRINCIPAL, mandate=uuid7(), client="web", channel="web", name="钱*")
GUARDIAN = Caller(
    sub=uuid7(), kind="natural", act=PRINCIPAL, mandate=uuid7(), client="web", channel="web", name="赵*",
    given_roles=frozenset({"guardian"}),
)  # fmt: skip
CLERK = staff("window_clerk", agency="11130371037107039Y", hall=HALL)
OTHER_CLERK = staff("window_clerk", agency="11130371037107039Y", hall="130371-H02")
REVIEWER = staff("reviewer", agency=APPROVAL_BUREAU)
OTHER_REVIEWER = staff("reviewer", agency="11130371037100742F")
HEAD = staff("head", agency=APPROVAL_BUREAU)

FORM = {
    "business_name": SHANHAI.name,
    "credit_code": SHANHAI.credit_code,
    "legal_representative": "王海山",
    "identity_number": "11010519491231002X",
    "phone": "15400000003",
    "business_form": "食品销售经营者",
    "business_scope": "预包装食品销售、散装食品销售",
    "area": 120,
}


def food_guide() -> dict[str, Any]:
    """Return a guide like the one of the whole case: questions, materials that depend on them, a form with checks."""
    guide: dict[str, Any] = json.loads((EXAMPLES / "guide.published.v1/food-business-licence.json").read_text())[
        "guide"
    ]
    guide["questions"] = [
        {
            "id": "central_kitchen",
            "text": "是否设有中央厨房？",
            "options": [{"value": "yes", "text": "是"}, {"value": "no", "text": "否"}],
        }
    ]
    m01, m02 = guide["materials"]
    m01 |= {"media_types": ["application/pdf", "image/jpeg", "image/png"], "max_bytes": 5000}
    m03 = m01 | {"code": "M03", "name": "中央厨房加工工艺流程说明", "when": {"central_kitchen": ["yes"]}}
    m04 = m01 | {"code": "M04", "name": "经营场所平面布局图", "need": "2"}
    guide["materials"] = [m01, m02, m03, m04]
    guide["form"] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            "business_name": {"type": "string", "title": "经营者名称", "minLength": 1, "maxLength": 100},
            "credit_code": {"type": "string", "title": "统一社会信用代码", "format": "credit-code"},
            "legal_representative": {"type": "string", "title": "法定代表人", "minLength": 1},
            "identity_number": {"type": "string", "title": "法定代表人身份号码", "format": "identity-number"},
            "phone": {"type": "string", "title": "联系电话", "format": "phone"},
            "business_form": {"type": "string", "title": "主体业态", "enum": ["食品销售经营者", "餐饮服务经营者"]},
            "business_scope": {"type": "string", "title": "经营项目", "minLength": 1},
            "area": {"type": "integer", "title": "经营面积（平方米）", "minimum": 1},
        },
        "required": list(FORM),
        "additionalProperties": False,
    }
    guide["public_fields"] = ["business_scope", "business_form", "identity_number"]
    return guide


class Clock:
    """What intake takes for the time; starts on Monday 2026-03-09, 10:00 in Qinhuangdao."""

    def __init__(self) -> None:
        self.instant = datetime(2026, 3, 9, 2, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.instant

    def move_to(self, day: date, hour: int = 10) -> None:
        """Move to an hour of a day in Qinhuangdao."""
        self.instant = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour - 8)


class StubExchange:
    """Speaks the HTTP of svc-datashare's exchange; remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.assertions: list[str] = []
        self.answer: tuple[int, dict[str, Any]] = (
            200,
            {"access_id": str(uuid4()), "fields": {"name": SHANHAI.name, "legal_representative": "王*"}},
        )

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = (await receive())["body"]
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.asked.append({"path": scope["path"], "key": headers["idempotency-key"], **json.loads(body)})
        self.assertions.append(headers["onestop-assertion"])
        status, document = self.answer
        await send(
            {"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]}
        )
        await send({"type": "http.response.body", "body": json.dumps(document).encode()})


class Intake:
    """Intake as a test drives it."""

    def __init__(self, client: ServiceClient, clock: Clock, folder: Path) -> None:
        self.client = client
        self.clock = clock
        self.folder = folder
        self.stub = StubExchange()
        self.guide_version = uuid7()
        self.item = uuid7()
        self._sequences: dict[tuple[str, UUID], int] = {}
        self._applier = Applier(client.context)

    async def furnish(self) -> None:
        """Publish the guide, make the agency and the calendar known, authorise the hall, connect the exchange."""
        await self.publish(food_guide())
        await self.apply("agency.changed.v1", self.example("agency.changed.v1/approval-bureau.json"), uuid7())
        for name in ("published-2026", "provisional-2027"):
            await self.apply("calendar.changed.v1", self.example(f"calendar.changed.v1/{name}.json"), uuid7())
        await seed(self.client.transaction, {})
        transport = httpx.ASGITransport(app=self.stub)
        self.use_exchange(httpx.AsyncClient(transport=transport, base_url="http://datashare.test"))

    def use_exchange(self, client: httpx.AsyncClient, monotonic: Any = None) -> None:
        """Let intake ask another exchange."""
        loop_time = monotonic or asyncio.get_running_loop().time
        self.client.context.state.exchange = Exchange(
            client, signing_key("svc-intake"), "办理行政许可时核验申请人营业执照", loop_time
        )

    @staticmethod
    def example(path: str) -> dict[str, Any]:
        """Return an example of the contract."""
        document: dict[str, Any] = json.loads((EXAMPLES / path).read_text())
        return document

    async def apply(self, name: str, data: dict[str, Any], key: UUID, at: datetime | None = None) -> None:
        """Have an event consumed, as the next one of its aggregate; `name` is `guide.published.v1`."""
        event_type, model = next((t, m) for t, m in EVENTS.items() if t.endswith(f".{name}"))
        sequence = self._sequences.get((model.TOPIC, key), 0) + 1
        self._sequences[model.TOPIC, key] = sequence
        message = Message(model.TOPIC, key, sequence, event_type, str(uuid4()), at or self.clock(), data, payload=b"{}")
        await self._applier.take(message)
        dead = await self.rows("SELECT type, error FROM dead_letter WHERE key = $1", key)
        assert not dead, dead

    async def publish(self, guide: dict[str, Any], *, number: int = 1) -> UUID:
        """Publish a version of the guide; return its id."""
        self.guide_version = uuid7()
        event = {
            "item_id": str(self.item),
            "guide_version_id": str(self.guide_version),
            "version_number": number,
            "content_hash": "0" * 64,
            "guide": copy.deepcopy(guide),
            "published_at": self.clock().isoformat(),
        }
        await self.apply("guide.published.v1", event, self.item)
        return self.guide_version

    async def rows(self, query: str, *arguments: Any) -> list[Any]:
        """Return rows of the database."""
        rows: list[Any] = await self.client.context.pool.fetch(query, *arguments)
        return rows

    async def events(self, name: str) -> list[dict[str, Any]]:
        """Return the payloads of published events of a type (`case.submitted.v1`), oldest first."""
        rows = await self.rows("SELECT payload FROM outbox WHERE type LIKE $1 ORDER BY id", f"%.{name}")
        return [json.loads(row["payload"]) for row in rows]

    # Steps of a case.

    async def call(
        self, caller: Caller, method: str, path: str, body: Any = None, *, version: int | None = None, **options: Any
    ) -> httpx.Response:
        """Send a request of `caller`; `path` is below the API's prefix."""
        headers = options.pop("headers", {})
        if version is not None:
            headers = headers | {"If-Match": f'"{version}"'}
        return await self.client.as_(caller).request(method, f"{API}{path}", json=body, headers=headers, **options)

    async def open(self, caller: Caller = AGENT, answers: dict[str, str] | None = None) -> dict[str, Any]:
        """Open a draft."""
        answers = {"central_kitchen": "no"} if answers is None else answers
        answer = await self.call(caller, "POST", "/cases", {"guide_code": GUIDE_CODE, "answers": answers})
        return read(answer, 201)

    async def fill(
        self, case: dict[str, Any], form: dict[str, Any] | None = None, caller: Caller = AGENT
    ) -> dict[str, Any]:
        """Save the form."""
        path = f"/cases/{case['id']}/form"
        return read(await self.call(caller, "PUT", path, {"form": form or FORM}, version=case["version"]))

    async def upload(
        self,
        case: dict[str, Any],
        code: str = "M01",
        content: bytes | AsyncIterator[bytes] = PDF,
        media_type: str = "application/pdf",
        caller: Caller = AGENT,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """Hand a material in."""
        return await self.client.as_(caller).put(
            f"{API}/cases/{case['id']}/materials/{code}",
            content=content,
            headers={"Content-Type": media_type, "X-File-Name": "%E7%94%B3%E8%AF%B7%E4%B9%A6.pdf", **(headers or {})},
        )

    async def prove(self, case: dict[str, Any], caller: Caller = AGENT) -> httpx.Response:
        """Have shared data prove the business licence."""
        return await self.call(caller, "POST", f"/cases/{case['id']}/evidence", {"resource": RESOURCE})

    async def complete_draft(self, caller: Caller = AGENT) -> dict[str, Any]:
        """Return a draft that can be submitted."""
        case = await self.open(caller)
        case = await self.fill(case, caller=caller)
        case = read(await self.upload(case, caller=caller))
        return case | {"version": read(await self.prove(case, caller), 201)["version"]}

    async def submit(self, case: dict[str, Any], caller: Caller = AGENT) -> httpx.Response:
        """Submit."""
        return await self.call(caller, "POST", f"/cases/{case['id']}/submission", version=case["version"])

    async def submitted(self, caller: Caller = AGENT) -> dict[str, Any]:
        """Return a case that was received."""
        case = await self.complete_draft(caller)
        read(await self.submit(case, caller), 201)
        return await self.read(case, caller)

    async def accepted(self, caller: Caller = AGENT) -> dict[str, Any]:
        """Return a case that the clerk accepted."""
        case = await self.submitted(caller)
        read(await self.act(CLERK, case, "acceptance"))
        return await self.read(case, caller)

    async def act(self, caller: Caller, case: dict[str, Any], what: str, body: Any = None) -> httpx.Response:
        """Do something to a case in the version that is known."""
        return await self.call(caller, "POST", f"/cases/{case['id']}/{what}", body, version=case["version"])

    async def read(self, case: dict[str, Any], caller: Caller = AGENT) -> dict[str, Any]:
        """Return the case as it stands."""
        return read(await self.call(caller, "GET", f"/cases/{case['id']}"))

    async def start_proceeding(self, case: dict[str, Any]) -> UUID:
        """Tell intake that the office has begun; return the proceeding's id."""
        proceeding = uuid7()
        event = self.example("proceeding.started.v1/food-business-licence.json")
        event |= {"proceeding_id": str(proceeding), "case_id": case["id"], "case_number": case["case_number"]}
        await self.apply("proceeding.started.v1", event, proceeding)
        return proceeding


def read(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    """Return the body of an answer that has the expected status."""
    assert answer.status_code == status, answer.text
    document: dict[str, Any] = answer.json()
    return document


def problem(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    """Return a problem document that is what was expected, in Chinese."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["type"] == f"/problems/{slug}"
    assert any("\u4e00" <= character <= "\u9fff" for character in document["title"] + document["detail"])
    return document


def pointers(document: dict[str, Any]) -> dict[str, str]:
    """Return pointer → code of a problem document."""
    return {one["pointer"]: one["code"] for one in document.get("errors", [])}
