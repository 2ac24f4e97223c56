"""An empty gateway is filled once: people sealed, events told, secrets hashed."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from gateway.clients.metadata import InvalidClientMetadata
from gateway.seed import fill
from onestop_legal.identity_number import InvalidIdentityNumber
from onestop_local.secrecy import Secrets

REGISTRY = "/api/gateway/v1/clients"
NOT_CHANGED_BY_HAND = {"client_id", "id", "state", "version", "former_secrets_valid_until", "proposed_by", "draft"}
CANARIES = ("130371198803171020", "130371198506121246", "赵晓梅", "周海燕", "15400000007", "碧海-金沙-2026")


async def everything(pool: Any) -> str:
    """Return all rows of all tables as text."""
    names = await pool.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    dumps = [await pool.fetch(f'SELECT t::text FROM "{row["tablename"]}" t') for row in names]  # noqa: S608
    return "\n".join(record[0] for rows in dumps for record in rows)


async def test_filling_again_changes_nothing(gateway: Any, seed: dict[str, Any]):
    state = gateway.context.state
    before = await everything(gateway.context.pool)
    await fill(gateway.transaction, state.cipher, seed)
    assert await everything(gateway.context.pool) == before


async def test_who_is_new_in_the_file_is_added(gateway: Any, seed: dict[str, Any]):
    more = {
        **seed,
        "people": [
            *seed["people"],
            {
                "username": "Citizen_2",
                "password": "另一个-密码-2026",
                "name": "孙立伟",
                "identity_number": "130371199208250116",
                "phone": "15400000002",
            },
        ],
    }
    await fill(gateway.transaction, gateway.context.state.cipher, more)
    names = await gateway.context.pool.fetch("SELECT username FROM person ORDER BY registered_at DESC LIMIT 1")
    assert names[0]["username"] == "citizen_2"


async def test_a_client_follows_the_file_until_somebody_changes_it_by_hand(
    gateway: Any, browser: Any, seed: dict[str, Any]
):
    def with_scopes(*scopes: str) -> dict[str, Any]:
        changed = [it | {"scopes": list(scopes)} if it["client_id"] == "foreign" else it for it in seed["clients"]]
        return seed | {"clients": changed}

    async def registered() -> dict[str, Any]:
        shown: dict[str, Any] = (await browser.get(f"{REGISTRY}/foreign", headers=admin)).json()
        return shown

    admin = await browser.bearer("admin")
    cipher = gateway.context.state.cipher
    await fill(gateway.transaction, cipher, with_scopes("openid", "profile", "gateway:read", "intake:read"))
    newer = await registered()
    assert (newer["version"], newer["scopes"]) == (2, ["openid", "profile", "gateway:read", "intake:read"])
    (change, _) = (await browser.get(f"{REGISTRY}/foreign/history", headers=admin)).json()["items"]
    assert (change["by"], change["changes"]["scopes"][0]) == (None, ["openid", "profile", "gateway:read"])
    kept = {name: value for name, value in newer.items() if name not in NOT_CHANGED_BY_HAND}
    by_hand = await browser.put(
        f"{REGISTRY}/foreign", json=kept | {"name": "社区小站"}, headers=admin | {"If-Match": '"2"'}
    )
    assert by_hand.status_code == 200, by_hand.text
    await fill(gateway.transaction, cipher, with_scopes("openid"))
    assert (await registered())["scopes"] == newer["scopes"]


async def test_no_personal_data_lies_open_in_the_database(gateway: Any):
    found = await everything(gateway.context.pool)
    hexadecimal = [canary.encode().hex() for canary in CANARIES]
    assert not [canary for canary in (*CANARIES, *hexadecimal) if canary in found]
    assert "赵**" in found


async def test_signing_in_leaves_no_personal_data_in_logs_or_database(
    gateway: Any, browser: Any, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    await browser.sign_in(browser.asked(), "130371198803171020", "碧海-金沙-2026")
    tokens = await browser.tokens(browser.asked(scope="openid profile phone"))
    about = (await browser.userinfo(tokens["access_token"])).json()
    assert about["name"] == "赵晓梅"
    assert about["phone_number"] == "15400000007"
    written = caplog.text + await everything(gateway.context.pool)
    assert not [canary for canary in CANARIES if canary in written]
    assert tokens["access_token"] not in written
    assert tokens["refresh_token"] not in written


async def test_everybody_who_became_known_is_told_by_an_event(gateway: Any, seed: dict[str, Any]):
    rows = await gateway.context.pool.fetch("SELECT type, topic, payload FROM outbox ORDER BY id")
    told = [row["type"].removeprefix("cn.onestop.gateway.") for row in rows]
    assert told.count("person.registered.v1") == len(seed["people"]) + len(seed["companies"])
    assert told.count("mandate.given.v1") == sum(len(it.get("mandates", ())) for it in seed["people"])
    assert told.count("staff.appointed.v1") == sum("appointment" in it for it in seed["people"])
    payloads = b"".join(row["payload"] for row in rows).decode()
    assert not [canary for canary in CANARIES if canary in payloads]
    staff = next(row["payload"].decode() for row in rows if row["type"].endswith("staff.appointed.v1"))
    assert '"display_name":"王**"' in staff
    assert '"code":"11130371037100371Q"' in staff


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (("people", 0, "identity_number", "130371198803171021"), InvalidIdentityNumber),
        (("clients", 3, "client_secret", "short"), InvalidClientMetadata),
        (("clients", 0, "redirect_uris", ["https://*.test/"]), InvalidClientMetadata),
    ],
)
async def test_a_file_that_is_wrong_somewhere_changes_nothing(
    gateway: Any, seed: dict[str, Any], change: tuple[str, int, str, Any], error: type[Exception]
):
    kind, index, name, value = change
    fresh = dict(seed[kind][index], username="new", client_id="new", identity_number="110105194912310029")
    fresh[name] = value
    before = await everything(gateway.context.pool)
    company = {"credit_code": "91130371MA7001010P", "name": "x"}
    with pytest.raises(error):
        await fill(gateway.transaction, gateway.context.state.cipher, {"companies": [company], kind: [fresh]})
    assert await everything(gateway.context.pool) == before


async def test_the_file_that_a_stack_on_one_machine_makes_fits(gateway: Any, tmp_path: Path):
    made = json.loads(Secrets(tmp_path / "secrets").seed_file.read_text())
    pool = gateway.context.pool
    for table in ("mandate", "staff_member", "person", "legal_person", "client_history", "client"):
        await pool.execute(f"DELETE FROM {table}")  # noqa: S608
    await fill(gateway.transaction, gateway.context.state.cipher, made)
    assert await pool.fetchval("SELECT count(*) FROM person") == 19
    assert await pool.fetchval("SELECT count(*) FROM staff_member") == 13
    assert await pool.fetchval("SELECT count(*) FROM mandate") == 2
    assert await pool.fetchval("SELECT count(*) FROM client") == 5
