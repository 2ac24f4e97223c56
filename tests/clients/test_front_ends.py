"""A front end in a real browser: signs its person in, calls the API from another origin, refreshes, signs out."""

import json
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.by import By

from onestop_local.node import packages
from onestop_local.stack import Stack

HERE = Path(__file__).parent

pytestmark = pytest.mark.needs("chromium", "chromedriver")


def told(window: Any) -> dict[str, Any]:
    text = window.until(lambda it: it.find_element(By.ID, "told").text)
    said: dict[str, Any] = json.loads(text)
    assert "error" not in said, said
    return said


def sign_in(window: Any, person: dict[str, Any]) -> None:
    window.until(lambda it: it.find_element(By.NAME, "username")).send_keys(person["username"])
    field = window.find_element(By.NAME, "password")
    field.send_keys(person["password"])
    field.submit()


@pytest.fixture
async def front_end(
    stack: Stack,
    register: Callable[[dict[str, Any]], Awaitable[None]],
    serve: Callable[[Path], str],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> str:
    """Return the address of a registered front end of somebody else."""
    folder = tmp_path / "spa"
    shutil.copytree(HERE / "spa", folder)
    shutil.copy(packages() / "oidc-client-ts/dist/browser/oidc-client-ts.min.js", folder / "oidc-client-ts.js")
    client_id = f"front-end-{abs(hash(request.node.name)) % 10_000}"
    settings = {"authority": stack.url, "client_id": client_id}
    (folder / "settings.js").write_text(f"const settings = {json.dumps(settings)};")
    site = serve(folder)
    await register(
        {
            "client_id": client_id,
            "name": "企业服务地图",
            "token_endpoint_auth_method": "none",
            "redirect_uris": [f"{site}/"],
            "post_logout_redirect_uris": [f"{site}/?left"],
            "scopes": ["openid", "profile", "offline_access"],
        }
    )
    return site


def test_oidc_client_ts_signs_a_person_in_with_consent(stack: Stack, front_end: str, open_window: Callable[..., Any]):
    window = open_window()
    window.get(front_end)
    window.find_element(By.ID, "sign-in").click()
    sign_in(window, stack.person("agent"))
    window.until(lambda it: it.find_element(By.CSS_SELECTOR, 'button[name="decision"][value="approve"]')).click()
    first = told(window)
    assert first["profile"]["sub"] == first["me"]["sub"]
    assert first["me"]["act"]["credit_code"] in stack.person("agent")["acts_for"]
    window.execute_script("document.getElementById('told').textContent = ''")
    window.find_element(By.ID, "refresh").click()
    second = told(window)
    assert second["token"] != first["token"]
    window.find_element(By.ID, "sign-out").click()
    window.until(lambda it: it.current_url == f"{front_end}/?left")
    window.find_element(By.ID, "sign-in").click()
    assert window.until(lambda it: it.find_element(By.NAME, "password")).is_displayed()
    assert [it for it in window.get_log("browser") if it["source"] != "network"] == []
