"""A proof of a key counts once, whichever process of whichever machine is shown it, and after a restart."""

from pathlib import Path
from typing import Any

import pytest

from gateway.edge.limiter import LocalLimiter
from gateway.edge.seen_proofs import SeenProofs
from gateway.edge.shared_limiter import SharedLimiter
from gateway.main import SERVICE
from gateway.tokens.dpop import Proof

ME = "/api/gateway/v1/me"


class HandClock:
    def __init__(self) -> None:
        self.moment = 1000.0

    def __call__(self) -> float:
        return self.moment


def proof(number: int) -> Proof:
    return Proof("key", number.to_bytes(32, "big"), {})


def test_a_proof_is_new_once_and_known_as_long_as_it_would_count():
    clock = HandClock()
    seen = SeenProofs(LocalLimiter(subjects=64, clock=clock))
    assert seen.take_here(proof(1))
    assert seen.take_here(proof(2))
    clock.moment += 70
    assert not seen.take_here(proof(1))
    clock.moment += 2
    assert seen.take_here(proof(1))


def test_processes_of_one_machine_know_it_and_after_a_restart_too(tmp_path: Path):
    file = tmp_path / "rates"
    first, second = (SeenProofs(LocalLimiter(file, subjects=64)) for _ in range(2))
    assert first.take_here(proof(1))
    assert not second.take_here(proof(1))
    assert not SeenProofs(LocalLimiter(file, subjects=64)).take_here(proof(1))


async def test_machines_know_it(gateway: Any):
    first, second = (SeenProofs(SharedLimiter(gateway.context, LocalLimiter(subjects=64))) for _ in range(2))
    assert first.shared
    assert await first.take(proof(1))
    assert not await second.take(proof(1))
    assert await second.take(proof(2))


@pytest.fixture(params=["file", "database"])
def gateway_settings(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    return {"rates_file": tmp_path / "rates"} if request.param == "file" else {"rates_in_database": True}


@pytest.fixture
async def second(gateway: Any, service_client: Any, clock: Any, tmp_path: Path, gateway_settings: Any) -> Any:
    """Return another process of the same gateway."""
    names = ("dsn", "field_keys", "assertion_key", "issuer")
    same = {name: getattr(gateway.context.settings, name) for name in names}
    (tmp_path / "second").mkdir()
    return await service_client(SERVICE, folder=tmp_path / "second", clock=clock, **same, **gateway_settings)


async def test_what_was_shown_to_one_process_is_refused_by_the_other(
    browser: Any, second: Any, open_browser_on: Any, key_holder: Any
):
    asked = browser.asked()
    tokens = (await browser.redeem(asked, await browser.code(asked), key_holder.headers())).json()
    there = open_browser_on(second)
    for here, other, path in ((browser, there, ME), (there, browser, "/oauth/userinfo")):
        shown = key_holder.shown(tokens["access_token"], path)
        assert (await here.get(path, headers=shown)).status_code == 200
        replayed = await other.get(path, headers=shown)
        assert replayed.status_code == 401
        assert replayed.headers["www-authenticate"].startswith('DPoP error="invalid_dpop_proof"')
        assert (await other.get(path, headers=key_holder.shown(tokens["access_token"], path))).status_code == 200
