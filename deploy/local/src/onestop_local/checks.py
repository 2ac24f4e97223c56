"""What the steps of a case are checked by, and how the demo company fills in a form."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

COMPANY = "91130371MA7001010P"
PATIENCE_SECONDS = 30.0


class StepFailed(Exception):
    """A step of the case did not go as it should; the text says which and how."""


def expect(answer: httpx.Response, status: int, what: str) -> dict[str, Any]:
    """Return the body of an answer that must have `status`."""
    if answer.status_code != status:
        raise StepFailed(f"{what}：应为 {status}，得到 {answer.status_code} {answer.text[:600]}")
    body: dict[str, Any] = answer.json() if answer.content else {}
    return body


def check(condition: bool, what: str) -> None:  # noqa: FBT001 - the condition is what it is about
    """Raise `StepFailed` unless `condition` holds."""
    if not condition:
        raise StepFailed(what)


async def eventually(look: Callable[[], Awaitable[Any]], what: str, seconds: float = PATIENCE_SECONDS) -> Any:
    """Return the first truthy value of `look`; events need a moment to arrive."""
    end = time.monotonic() + seconds
    while True:
        found = await look()
        if found:
            return found
        if time.monotonic() > end:
            raise StepFailed(f"{what}：{seconds:.0f} 秒内没有发生")
        await asyncio.sleep(0.05)


LIGHTS = {"green": "绿灯", "yellow": "黄灯", "red": "红灯"}


def day(deadline: dict[str, Any]) -> str:
    """Return a deadline as people read it."""
    return f"{deadline['day']}{'（暂定）' if deadline['provisional'] else ''}"


def expect_list(answer: httpx.Response, what: str) -> list[dict[str, Any]]:
    """Return the list that an answer must be."""
    if answer.status_code != httpx.codes.OK:
        raise StepFailed(f"{what}：得到 {answer.status_code} {answer.text[:600]}")
    found: list[dict[str, Any]] = answer.json()
    return found


FILLED = {
    "business_name": "秦皇岛开发区山海食品有限公司",
    "credit_code": COMPANY,
    "business_type": "sales",
    "business_place": "秦皇岛经济技术开发区珠江道 12 号",
    "place_area": 86,
    "business_scope": "预包装食品销售、散装食品销售",
    "legal_representative": "张海山",
    "contact_phone": "13000000001",
}
"""How the demo company fills in the form."""


def form_for(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a form that fits the guide's schema: what the company would write, else the first that fits."""
    filled: dict[str, Any] = {}
    for name, part in schema["properties"].items():
        if name in FILLED:
            filled[name] = FILLED[name]
        elif name in schema.get("required", ()):
            filled[name] = (
                part["enum"][0] if "enum" in part else 1 if part.get("type") in {"number", "integer"} else "无"
            )
    return filled
