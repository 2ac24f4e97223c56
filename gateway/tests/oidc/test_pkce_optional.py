"""Old software without PKCE: let in only where it is registered so, and held to what it does send."""

from typing import Any

import asyncpg
import pytest

from gateway.oidc.domain import challenge_met

CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # RFC 7636, appendix B
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


@pytest.mark.parametrize(
    ("verifier", "challenge", "met"),
    [
        (VERIFIER, CHALLENGE, True),
        (None, None, True),
        (VERIFIER, None, False),
        (None, CHALLENGE, False),
        ("x" * 43, CHALLENGE, False),
    ],
)
def test_a_verifier_goes_with_its_challenge_and_none_with_none(
    *, verifier: str | None, challenge: str | None, met: bool
):
    assert challenge_met(verifier, challenge) is met


def without_pkce(browser: Any, client_id: str) -> Any:
    return browser.asked(client_id, prompt="login", code_challenge=None, code_challenge_method=None)


async def test_a_client_that_is_registered_so_gets_tokens_without_pkce(browser: Any):
    asked = without_pkce(browser, "old")
    code = await browser.code(asked)
    redeemed = await browser.redeem(asked, code, browser.proof_of("old"), code_verifier=None)
    assert redeemed.status_code == 200


async def test_it_still_has_to_prove_itself(browser: Any):
    asked = without_pkce(browser, "old")
    code = await browser.code(asked)
    refused = await browser.redeem(asked, code, code_verifier=None)
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    stolen = await browser.redeem(asked, code, browser.proof_of("hall"), client_id="hall", code_verifier=None)
    assert stolen.json()["error"] == "invalid_grant"


async def test_a_verifier_whose_challenge_was_taken_out_is_refused(browser: Any):
    asked = without_pkce(browser, "old")
    refused = await browser.redeem(asked, await browser.code(asked), browser.proof_of("old"))
    assert refused.json()["error"] == "invalid_grant"


async def test_a_challenge_that_was_sent_counts(browser: Any):
    for verifier, status in ((None, 400), ("x" * 43, 400)):
        asked = browser.asked("old", prompt="login")
        code = await browser.code(asked)
        redeemed = await browser.redeem(asked, code, browser.proof_of("old"), code_verifier=verifier)
        assert redeemed.status_code == status
    for changes in ({"code_challenge": None}, {"code_challenge_method": None}, {"code_challenge_method": "plain"}):
        told = browser.answer(await browser.ask(browser.asked("old", **changes)))
        assert told["error"] == "invalid_request"


@pytest.mark.parametrize("client_id", ["web", "hall"])
async def test_nobody_else_may_do_without(browser: Any, client_id: str):
    told = browser.answer(await browser.ask(without_pkce(browser, client_id)))
    assert told["error"] == "invalid_request"
    pushed = await browser.push(without_pkce(browser, client_id))
    assert (pushed.status_code, pushed.json()["error"]) == (400, "invalid_request")


async def test_the_database_lets_no_public_client_do_without(gateway: Any):
    with pytest.raises(asyncpg.CheckViolationError, match="client_without_pkce_proves_itself"):
        await gateway.context.pool.execute("UPDATE client SET pkce_optional = true WHERE client_id = 'web'")
