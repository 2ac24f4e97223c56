"""How surely the person has to be known, and who it has to be: what is wished for, and what is insisted on."""

import json
from typing import Any

import pytest
from joserfc import jws

from gateway.oidc.domain import AuthorizationRefused, AuthorizationRequest, read_claims

ANYBODY = "0190a5f0-0000-7000-8000-000000000001"


def insisting_on(*levels: str) -> str:
    return json.dumps({"id_token": {"acr": {"essential": True, "values": levels}}})


def said_in(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = json.loads(jws.extract_compact(token.encode()).payload)
    return claims


@pytest.mark.parametrize("acr_values", ["2", "3", "gold", "1 2 3", "urn:mace:incommon:iap:silver " * 9])
async def test_a_level_that_is_wished_for_refuses_nobody_and_the_token_says_which_was_reached(
    browser: Any, acr_values: str
):
    """OIDC Core, 3.1.2.1 and 5.5.1.1: a voluntary claim; 15.1: its use does not result in an error."""
    tokens = await browser.tokens(browser.asked(acr_values=acr_values))
    assert said_in(tokens["id_token"])["acr"] == said_in(tokens["access_token"])["acr"] == "2"


@pytest.mark.parametrize("levels", [("2",), ("3", "2"), ("0",), ("1", "gold"), ()])
async def test_a_person_who_is_known_surely_enough_is_let_through(browser: Any, levels: tuple[str, ...]):
    tokens = await browser.tokens(browser.asked(claims=insisting_on(*levels)))
    assert said_in(tokens["id_token"])["acr"] == "2"


@pytest.mark.parametrize("levels", [("3",), ("gold",)])
async def test_a_level_that_is_insisted_on_and_not_reached_is_a_failed_attempt(browser: Any, levels: tuple[str, ...]):
    """OIDC Core, 5.5.1.1; the error is the one of RFC 9470."""
    told = browser.answer(await browser.sign_in(browser.asked(claims=insisting_on(*levels))))
    assert told["error"] == "unmet_authentication_requirements"
    pushed = await browser.push(browser.asked(claims=insisting_on(*levels)))
    told = browser.answer(await browser.ask_pushed(pushed))
    assert told["error"] == "unmet_authentication_requirements"


@pytest.mark.parametrize(
    ("levels", "assurance", "assured"),
    [
        ((), 0, True),
        (("2",), 1, False),
        (("2",), 2, True),
        (("2",), 3, True),
        (("3", "1"), 2, True),
        (("4",), 3, False),
    ],
)
def test_one_level_of_those_insisted_on_has_to_be_reached(*, levels: tuple[str, ...], assurance: int, assured: bool):
    assert asked_with(insisting_on(*levels)).assured_by(assurance) is assured


@pytest.mark.parametrize(
    "claims",
    [
        '{"userinfo": {"name": {"essential": true}}}',
        '{"userinfo": {"email": null, "picture": {}}, "id_token": null}',
        '{"id_token": {"acr": null}}',
        '{"id_token": {"acr": {"values": ["3"]}}}',
        '{"id_token": {"auth_time": {"essential": true}}, "unknown": 1}',
    ],
)
async def test_any_other_claim_may_be_asked_for_and_follows_from_the_scopes(browser: Any, claims: str):
    tokens = await browser.tokens(browser.asked(scope="openid", claims=claims))
    assert set((await browser.userinfo(tokens["access_token"])).json()) == {"sub"}
    assert {"name", "email"}.isdisjoint(said_in(tokens["id_token"]))


@pytest.mark.parametrize(
    "claims",
    [
        "{",
        "[]",
        '"acr"',
        '{"id_token": []}',
        '{"id_token": {"acr": "2"}}',
        '{"id_token": {"acr": {"essential": true, "values": "2"}}}',
        '{"id_token": {"acr": {"essential": true, "values": [2]}}}',
        '{"id_token": {"sub": {"value": "nobody"}}}',
        json.dumps({"id_token": {"sub": {"values": [ANYBODY, ANYBODY.replace("1", "2")]}}}),
        '{"a": "' + "x" * 2048 + '"}',
        "[" * 2048,
    ],
)
def test_what_is_no_claims_object_is_refused(claims: str):
    with pytest.raises(AuthorizationRefused, match="invalid_request"):
        asked_with(claims)


async def test_a_subject_that_is_insisted_on_signs_in_or_nobody_does(browser: Any):
    """OIDC Core, 5.5.1: never an answer about somebody else."""
    subject = said_in((await browser.tokens(browser.asked()))["id_token"])["sub"]
    himself, somebody_else = (json.dumps({"id_token": {"sub": {"value": it}}}) for it in (subject, ANYBODY))
    assert "code" in browser.answer(await browser.ask(browser.asked(prompt="none", claims=himself)))
    told = browser.answer(await browser.ask(browser.asked(prompt="none", claims=somebody_else)))
    assert told["error"] == "login_required"
    shown = await browser.ask(browser.asked(claims=somebody_else))
    assert shown.headers["location"].startswith("/sign-in?")
    again = await browser.fill_in(await browser.follow(shown), username="citizen", password="碧海-金沙-2026")
    assert "code" not in again.headers.get("location", "")


async def test_two_people_cannot_be_expected_at_once(browser: Any):
    hint = (await browser.tokens(browser.asked()))["id_token"]
    claims = json.dumps({"userinfo": {"sub": {"value": ANYBODY}}})
    told = browser.answer(await browser.ask(browser.asked(id_token_hint=hint, claims=claims)))
    assert told["error"] == "invalid_request"


def test_a_subject_may_be_named_for_both_answers():
    both = {"sub": {"value": ANYBODY}}
    assert str(read_claims(json.dumps({"id_token": both, "userinfo": both})).subject) == ANYBODY


def asked_with(claims: str) -> AuthorizationRequest:
    return AuthorizationRequest.read(
        {
            "client_id": "web",
            "redirect_uri": "https://web.test/callback",
            "response_type": "code",
            "code_challenge": "x" * 43,
            "code_challenge_method": "S256",
            "claims": claims,
        }
    )
