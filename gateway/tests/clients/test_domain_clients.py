"""What a client may be registered with."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from gateway.clients.domain import (
    Client,
    ClientState,
    ProposedByYourself,
    WrongClientState,
    differences,
    secret_hash,
)
from gateway.clients.metadata import InvalidClientMetadata, require_sound, require_strong_secret

WEB = Client(
    client_id="web",
    id=UUID(int=1),
    name="门户",
    state=ClientState.ACTIVE,
    application_type="web",
    channel="web",
    authentication="none",
    secret_hash=None,
    jwks=None,
    redirect_uris=("https://web.test/callback",),
    post_logout_redirect_uris=("https://web.test/",),
    grant_types=("authorization_code", "refresh_token"),
    scopes=("openid",),
    first_party=True,
    require_par=False,
    resources=(),
    pkce_optional=False,
    agency=None,
    requests_per_day=None,
)


@pytest.mark.parametrize(
    "uri",
    [
        "https://web.test/callback#x",
        "https://*.web.test/callback",
        "https://web.test/*",
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://web.test/",
        "web.test/callback",
        "https://web.test/a b",
        "https://user@web.test/",
        "",
    ],
)
def test_an_address_that_leaves_room_for_tricks_is_not_registered(uri: str):
    for changed in (replace(WEB, redirect_uris=(uri,)), replace(WEB, post_logout_redirect_uris=(uri,))):
        with pytest.raises(InvalidClientMetadata):
            require_sound(changed)


@pytest.mark.parametrize(
    "uri",
    ["https://web.test/callback?x=1", "http://127.0.0.1/callback", "http://[::1]:80/cb", "http://localhost:5173/cb"],
)
def test_an_exact_address_is_registered(uri: str):
    require_sound(replace(WEB, redirect_uris=(uri,)))


def test_an_app_may_have_a_scheme_of_its_own_or_claim_an_address():
    for uri in ("cn.onestop.mobile:/callback", "https://app.web.test/callback", "http://127.0.0.1/callback"):
        require_sound(replace(WEB, application_type="native", redirect_uris=(uri,)))
    for uri in ("mobile:/callback", "http://app.web.test/callback"):
        with pytest.raises(InvalidClientMetadata):
            require_sound(replace(WEB, application_type="native", redirect_uris=(uri,)))
    with pytest.raises(InvalidClientMetadata):
        require_sound(replace(WEB, redirect_uris=("cn.onestop.mobile:/callback",)))


def test_plain_http_is_registered_on_a_stack_of_one_machine_alone():
    plain = replace(WEB, redirect_uris=("http://suite.test:8443/callback",))
    require_sound(plain, local=True)
    with pytest.raises(InvalidClientMetadata) as refused:
        require_sound(plain)
    assert refused.value.errors[0].pointer == "/redirect_uris"
    keyed = replace(WEB, authentication="private_key_jwt", jwks_uri="http://keys.test/jwks")
    require_sound(keyed, local=True)
    with pytest.raises(InvalidClientMetadata):
        require_sound(keyed)


@pytest.mark.parametrize("contact", ["13800138000", "王工 138-0013-8000 或 13800138000", "130371198803171020"])
def test_no_private_number_is_registered_as_a_contact(contact: str):
    with pytest.raises(InvalidClientMetadata):
        require_sound(replace(WEB, contacts=("0335-3926666", contact)))
    require_sound(replace(WEB, contacts=("信息中心值班 0335-3926666", "it@scjg.example.cn")))


@pytest.mark.parametrize(
    "changes",
    [
        {"authentication": "client_secret_jwt"},
        {"grant_types": ("implicit",)},
        {"grant_types": ("client_credentials",)},
        {"scopes": ("openid", "everything")},
        {"resources": ("https://web.test/api",)},
        {"pkce_optional": True},
        {"secret_hash": b"x"},
        {"jwks": {"keys": []}},
        {"authentication": "client_secret_basic"},
        {"authentication": "client_secret_basic", "secret_hash": b"x", "jwks": {"keys": []}},
        {"authentication": "private_key_jwt"},
        {"authentication": "private_key_jwt", "jwks": {"keys": []}, "jwks_uri": "https://web.test/jwks"},
        {"jwks_uri": "https://web.test/jwks"},
        {"grant_types": ("urn:ietf:params:oauth:grant-type:token-exchange",)},
        {"exchange_resources": ("https://web.test/api",), "authentication": "private_key_jwt", "jwks": {"keys": []}},
        {
            "exchange_resources": ("https://web.test/api",),
            "grant_types": ("urn:ietf:params:oauth:grant-type:token-exchange",),
        },
        {"backchannel_logout_uri": "http://web.test/logout"},
        {"backchannel_logout_uri": "https://web.test/logout#x"},
        {"resources": ("https://web.test/#x",), "authentication": "private_key_jwt"},
        {"resources": ("web",), "authentication": "private_key_jwt"},
    ],
)
def test_what_we_do_not_support_is_not_registered(changes: dict[str, object]):
    with pytest.raises(InvalidClientMetadata):
        require_sound(replace(WEB, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [
        {"authentication": "client_secret_basic", "secret_hash": b"x", "pkce_optional": True},
        {"authentication": "private_key_jwt", "jwks": {"keys": []}, "resources": ("urn:onestop:archive",)},
        {"require_par": True},
    ],
)
def test_who_proves_himself_may_have_more(changes: dict[str, object]):
    require_sound(replace(WEB, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("secret", ["short", "x" * 31, "x" * 32 + ":", "密" * 32, "x y" * 12])
def test_a_weak_secret_or_one_that_needs_escaping_is_refused(secret: str):
    with pytest.raises(InvalidClientMetadata):
        require_strong_secret(secret)


def test_a_long_random_secret_is_taken():
    require_strong_secret("A-z_0" * 7)


PROPOSER, OTHER = UUID(int=11), UUID(int=12)
NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
PROPOSED = replace(WEB, state=ClientState.PROPOSED, proposed_by=PROPOSER)


def test_who_proposed_a_client_does_not_approve_it():
    with pytest.raises(ProposedByYourself):
        PROPOSED.approved(PROPOSER)
    approved = PROPOSED.approved(OTHER)
    assert (approved.state, approved.version) == (ClientState.ACTIVE, PROPOSED.version + 1)
    assert PROPOSED.refused().state is ClientState.ENDED


def test_a_change_that_waits_changes_nothing_until_another_person_agrees():
    waiting = WEB.changed({"name": "新门户"}, by=PROPOSER, waits=True)
    assert (waiting.name, waiting.draft) == (WEB.name, {"name": "新门户"})
    with pytest.raises(ProposedByYourself):
        waiting.approved(PROPOSER)
    assert (waiting.approved(OTHER).name, waiting.approved(OTHER).draft) == ("新门户", None)
    assert (waiting.refused().name, waiting.refused().draft) == (WEB.name, None)
    assert waiting.changed({"name": "别名"}, by=OTHER, waits=True).draft_by == OTHER


def test_who_changes_a_proposal_last_has_proposed_it():
    changed = PROPOSED.changed({"name": "新门户"}, by=OTHER, waits=True)
    assert (changed.name, changed.proposed_by, changed.draft) == ("新门户", OTHER, None)
    with pytest.raises(ProposedByYourself):
        changed.approved(OTHER)


def test_a_client_goes_only_the_ways_that_there_are():
    suspended, ended = WEB.suspended(NOON), WEB.ended()
    assert suspended.resumed().state is ClientState.ACTIVE
    for wrong in (
        lambda: WEB.approved(OTHER),
        WEB.refused,
        WEB.resumed,
        lambda: suspended.suspended(NOON),
        lambda: PROPOSED.suspended(NOON),
        PROPOSED.resumed,
        PROPOSED.ended,
        ended.ended,
        ended.resumed,
        lambda: ended.suspended(NOON),
        lambda: ended.changed({"name": "新门户"}, by=OTHER, waits=False),
        lambda: ended.with_secret("x", NOON, NOON),
        lambda: WEB.with_secret("x", NOON, NOON),
    ):
        with pytest.raises(WrongClientState):
            wrong()


def test_what_was_granted_before_a_suspension_is_void_for_ever():
    resumed = WEB.suspended(NOON).resumed()
    assert WEB.honours(NOON)
    assert not resumed.honours(NOON)
    assert resumed.honours(NOON + timedelta(seconds=1))


def test_a_former_secret_is_good_for_a_while_beside_the_new_one():
    day = timedelta(days=1)
    first = replace(WEB, authentication="client_secret_basic", secret_hash=secret_hash("first"))
    second = first.with_secret("second", NOON + day, NOON)
    assert all(second.knows_secret(it, NOON) for it in ("first", "second"))
    assert not second.knows_secret("third", NOON)
    assert not second.knows_secret("first", NOON + day)
    third = second.with_secret("third", NOON + 3 * day, NOON + 2 * day)
    assert not third.knows_secret("first", NOON + 2 * day)
    assert all(third.knows_secret(it, NOON + 2 * day) for it in ("second", "third"))
    leaked = third.with_secret("fourth", NOON + 2 * day, NOON + 2 * day)
    assert [leaked.knows_secret(it, NOON + 2 * day) for it in ("third", "fourth")] == [False, True]


def test_an_answer_that_was_lost_costs_no_secret_that_is_in_use():
    first = replace(WEB, authentication="client_secret_basic", secret_hash=secret_hash("first"))
    lost = first.with_secret("lost", NOON + timedelta(days=1), NOON)
    again = lost.with_secret("new", NOON + timedelta(days=1), NOON)
    assert all(again.knows_secret(it, NOON) for it in ("first", "lost", "new"))


def test_differences_tell_everything_but_secrets():
    changed = replace(WEB, name="新门户", secret_hash=b"x", former_secret_hashes=(b"y",), version=2)
    assert differences(WEB, changed) == {"name": (WEB.name, "新门户")}
