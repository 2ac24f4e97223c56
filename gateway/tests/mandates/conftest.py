"""People who let each other act for them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest

from gateway.seed import fill

PASSWORD = "碧海-金沙-2026"
COMPANY = "91130371MA7001010P"
TOWNSHIP = "1113037103710740XG"
_APPOINTED = {"region": "130371", "hall": None, "valid_from": "2026-01-01"}
_TOWNSHIP_AGENT = _APPOINTED | {
    "agency": TOWNSHIP,
    "agency_name": "秦皇岛经济技术开发区珠江道街道办事处",
    "roles": ["township_agent"],
}
_CLERK = _APPOINTED | {
    "agency": "11130371037107039Y",
    "agency_name": "秦皇岛经济技术开发区数据和政务服务局",
    "roles": ["window_clerk"],
}


def _person(username: str, name: str, identity_number: str, phone: str, **more: Any) -> dict[str, Any]:
    return {
        "username": username,
        "password": PASSWORD,
        "name": name,
        "identity_number": identity_number,
        "phone": phone,
        **more,
    }


TOWNSFOLK = {
    "companies": [
        {
            "credit_code": COMPANY,
            "name": "秦皇岛开发区山海食品有限公司",
            "representative": {"username": "representative", "since": "2021-04-16"},
        }
    ],
    "people": [
        _person("representative", "张海山", "130371197005180315", "15400000101"),
        _person("mother", "钱秀兰", "130371196501010222", "15400000102"),
        _person("nephew", "孙立伟", "130371199208250116", "15400000103"),
        _person("boy", "赵小宝", "130371201206060415", "15400000104"),
        _person("township_agent", "马春兰", "13037119870911146X", "15400000105", appointment=_TOWNSHIP_AGENT),
        _person("clerk", "郑文静", "13037119950204046X", "15400000106", appointment=_CLERK, assurance=3),
    ],
}


@dataclass
class Town:
    """The people at a gateway, each with his own browser.

    Attributes:
        names: what somebody is named by: user name → name and identity number.
    """

    open_browser: Any
    pool: Any
    names: dict[str, dict[str, str]]
    tokens: dict[tuple[str, str | None], dict[str, Any]] = field(default_factory=dict)
    browsers: dict[str, Any] = field(default_factory=dict)

    @staticmethod
    def read(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
        """Return the body of an answer that has the expected status."""
        assert answer.status_code == status, answer.text
        document: dict[str, Any] = answer.json()
        return document

    @staticmethod
    def problem(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
        """Return a problem document that is the expected one."""
        assert (answer.status_code, answer.json().get("type")) == (status, f"/problems/{slug}"), answer.text
        document: dict[str, Any] = answer.json()
        return document

    async def signed_in(self, username: str, act: str | None = None) -> dict[str, Any]:
        """Return the tokens of somebody who acts as `act`; the same at each call."""
        browser = self.browsers.setdefault(username, self.open_browser())
        if (username, act) not in self.tokens:
            asked = browser.asked(act=act)
            answered = await browser.ask(asked)
            if answered.headers["location"].startswith("/sign-in"):
                shown = await browser.follow(answered)
                answered = await browser.fill_in(shown, username=username, password=PASSWORD)
            code = browser.answer(answered)["code"]
            self.tokens[username, act] = (await browser.redeem(asked, code)).json()
        return self.tokens[username, act]

    async def call(
        self,
        username: str,
        method: str,
        path: str,
        body: Any = None,
        *,
        version: int | None = None,
        act: str | None = None,
    ) -> httpx.Response:
        """Call our own API as somebody."""
        tokens = await self.signed_in(username, act)
        headers = {
            "Authorization": f"Bearer {tokens['access_token']}",
            "Idempotency-Key": str(uuid4()),
        }
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        browser = self.browsers[username]
        response: httpx.Response = await browser.request(method, f"/api/gateway/v1{path}", json=body, headers=headers)
        return response

    async def act(self, username: str, mandate: dict[str, Any], what: str, body: Any = None) -> httpx.Response:
        """Do something to a mandate in the version that is known."""
        return await self.call(username, "POST", f"/mandates/{mandate['id']}/{what}", body, version=mandate["version"])

    async def given_by_company(self, **changes: Any) -> dict[str, Any]:
        """Return a mandate of the company that waits for the citizen."""
        body = {"credit_code": COMPANY, "agent": self.names["citizen"], "valid_from": "2026-01-01", **changes}
        return self.read(await self.call("representative", "POST", "/mandates", body), 201)

    async def asked_of_citizen(self, username: str = "township_agent", **changes: Any) -> dict[str, Any]:
        """Return a mandate that somebody asked the citizen for."""
        body = {
            "basis": "resident",
            "principal": self.names["citizen"],
            "valid_from": "2026-01-01",
            "valid_to": "2026-12-31",
            **changes,
        }
        return self.read(await self.call(username, "POST", "/mandate-requests", body), 201)


@pytest.fixture
def clock(clock: Any) -> Any:
    """Return a clock that starts on a known day: people grow older."""
    clock.at = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
    return clock


@pytest.fixture
async def town(gateway: Any, open_browser: Any, seed: dict[str, Any]) -> Town:
    hashed = {"password_hash": seed["people"][0]["password_hash"]}
    people = [person | hashed for person in TOWNSFOLK["people"]]
    await fill(gateway.transaction, gateway.context.state.cipher, TOWNSFOLK | {"people": people})
    known = (*seed["people"], *people)
    return Town(
        open_browser,
        gateway.context.pool,
        {it["username"]: {key: it[key] for key in ("name", "identity_number")} for it in known},
    )
