"""Staff act for their agency only after two factors, where that is required; without, they are led to set one up."""

import re
from base64 import b32decode
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from gateway.settings import GatewaySettings

AGENCY = "11130371037100371Q"


@pytest.fixture
def gateway_settings() -> dict[str, Any]:
    return {"staff_second_factor": "required"}


@pytest.fixture
def strict(browser: Any) -> Any:
    """Return a browser before a gateway that requires two factors of staff."""
    return browser


async def me(browser: Any, tokens: dict[str, Any]) -> dict[str, Any]:
    answer = await browser.get("/api/gateway/v1/me", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    content: dict[str, Any] = answer.json()
    return content


async def test_staff_without_a_second_factor_are_led_to_set_one_up_and_then_serve(strict: Any, clock: Any):
    asked = strict.asked()
    led = await strict.sign_in(asked, "reviewer")
    assert led.headers["location"].startswith("/account/second-factor?request=")
    owed = await strict.follow(led)
    page = await strict.get(re.search(r'href="(/account/security/authenticator[^"]*)"', owed.text)[1])
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", page.text)[1].replace(" ", "")
    totp = TOTP(b32decode(secret), 6, SHA1(), 30)  # noqa: S303 - what authenticator apps know
    codes = await strict.fill_in(page, code=totp.generate(int(clock().timestamp())).decode())
    onward = re.search(r'href="(/sign-in/continue[^"]*)"', codes.text)[1]
    code = strict.answer(await strict.get(onward))["code"]
    known = await me(strict, (await strict.redeem(asked, code)).json())
    assert (known["kind"], known["agency"]) == ("staff", AGENCY)


async def test_staff_who_put_it_off_act_for_themselves_alone(strict: Any):
    asked = strict.asked()
    owed = await strict.follow(await strict.sign_in(asked, "reviewer"))
    onward = re.search(r'href="(/sign-in/continue[^"]*)"', owed.text)[1]
    code = strict.answer(await strict.get(onward))["code"]
    known = await me(strict, (await strict.redeem(asked, code)).json())
    assert (known["kind"], known["agency"]) == ("natural", None)
    own = await strict.get("/api/gateway/v1/me", headers={"Sec-Fetch-Site": "same-origin"})
    assert own.json()["kind"] == "natural"
    refused = strict.answer(await strict.ask(strict.asked(act=AGENCY)))
    assert refused["error"] == "access_denied"


async def test_citizens_owe_nothing(strict: Any):
    assert strict.answer(await strict.sign_in(strict.asked()))["code"]


@pytest.mark.parametrize(
    ("environment", "said", "required"),
    [
        ("local", None, False),
        ("production", None, True),
        ("local", "required", True),
        ("production", "optional", False),
    ],
)
def test_it_is_required_in_production_unless_somebody_says_otherwise(
    environment: str,
    said: str | None,
    required: bool,  # noqa: FBT001
    tmp_path: Path,
):
    given = {name: str(tmp_path) for name in GatewaySettings.required() if name != "upstreams"}
    given |= {"issuer": "https://gateway.test", "messages_secret": "whsec_x"}
    given |= {"staff_second_factor": said} if said else {}
    settings = GatewaySettings(environment=environment, upstreams={"intake": "x"}, **given)
    assert settings.two_factors_for_staff == required
