"""Clients of others sign in at ours as they are: a web server's, a native application's, a browser's."""

import asyncio
import contextlib
import os
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc.jwk import ECKey

from onestop_local.browser import Browser
from onestop_local.ports import free_port
from onestop_local.stack import Stack
from onestop_local.testing.programs import program

Register = Callable[[dict[str, Any]], Awaitable[None]]
NewProgram = Callable[..., Awaitable[Any]]

CALLBACK = "https://archive.example.cn/callback"
HOME = "https://archive.example.cn/"
SECRET = "archive-secret_0123456789abcdefghijklmnop"
MODULES = "/usr/lib/apache2/modules"
MODULE = f"{MODULES}/mod_auth_openidc.so"
CLAIMS = ("sub", "name", "acr", "agency", "roles")
APACHE = """
ServerRoot {folder}
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
PidFile {folder}/apache.pid
ErrorLog {folder}/apache.log
DocumentRoot {folder}/site
OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
OIDCClientID {client_id}
OIDCClientSecret {secret}
OIDCProviderTokenEndpointAuth client_secret_basic
OIDCPKCEMethod S256
OIDCRedirectURI http://127.0.0.1:{port}/signed-in
OIDCCryptoPassphrase {secret}
OIDCScope "openid profile"
OIDCSSLValidateServer Off
<Directory {folder}/site>
  AuthType openid-connect
  Require valid-user
  Options +Includes
  SetOutputFilter INCLUDES
</Directory>
<Location /signed-in>
  AuthType openid-connect
  Require valid-user
</Location>
"""
KEY = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, private=True, auto_kid=True)


def described(client_id: str, **more: Any) -> dict[str, Any]:
    return {
        "client_id": client_id,
        "name": "档案管理系统",
        "token_endpoint_auth_method": "none",
        "redirect_uris": [CALLBACK],
        "post_logout_redirect_uris": [HOME],
        "scopes": ["openid", "profile", "phone", "offline_access"],
        **more,
    }


WEB_CLIENTS = {
    "a secret": (
        {"token_endpoint_auth_method": "client_secret_basic", "client_secret": SECRET},
        {"client_secret": SECRET},
    ),
    "nothing": ({}, {}),
    "nothing, and DPoP": ({}, {"dpop": True}),
    "a key, pushed requests and DPoP": (
        {
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks": {"keys": [KEY.as_dict(private=False)]},
            "require_pushed_authorization_requests": True,
        },
        {"jwk": KEY.as_dict(private=True), "par": True, "dpop": True},
    ),
}


@pytest.mark.parametrize("proof", WEB_CLIENTS)
async def test_openid_client_signs_a_person_in(stack: Stack, register: Register, node: NewProgram, proof: str):
    client, settings = WEB_CLIENTS[proof]
    client_id = f"openid-client-{list(WEB_CLIENTS).index(proof)}"
    await register(described(client_id, **client))
    where = {"redirect_uri": CALLBACK, "post_logout_redirect_uri": HOME}
    program = await node("openid_client", {"issuer": stack.url, "client_id": client_id, **where, **settings})
    async with Browser(stack, "agent") as browser:
        await program.tell(await browser.go(program.said["address"], CALLBACK))
    told = await program.next_line()
    person = told["person"]
    assert person["sub"] == told["claims"]["sub"] == told["me"]["sub"]
    assert person["phone_number"]
    assert person["act"]["credit_code"] == told["me"]["act"]["credit_code"]
    assert told["type"] == ("dpop" if settings.get("dpop") else "bearer")
    assert (told.get("before"), told.get("after")) == ((True, False) if client else (None, None))
    assert told["left"] == f"{HOME}?state=left"


async def test_appauth_signs_a_person_in_on_his_own_device(
    stack: Stack, node: NewProgram, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    opened = tmp_path / "opened"
    os.mkfifo(opened)
    opener = tmp_path / "xdg-open"
    opener.write_text(f'#!/bin/sh\necho "$1" > {opened}\n')
    opener.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    redirect_uri = f"http://127.0.0.1:{free_port()}/callback"
    mobile = {"issuer": stack.url, "client_id": stack.client("mobile")["client_id"], "redirect_uri": redirect_uri}
    program = await node("appauth", mobile)
    address = (await asyncio.to_thread(opened.read_text)).strip()
    async with Browser(stack, "citizen") as browser, httpx.AsyncClient() as screen:
        assert (await screen.get(await browser.go(address, redirect_uri))).status_code == 200
    told = await program.next_line()
    assert told["another"]
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {told['access_token']}"}) as phone:
        me = await phone.get(f"{stack.url}/api/gateway/v1/me")
    assert me.json()["client"] == mobile["client_id"]


@pytest.mark.needs("apache2", MODULE)
async def test_mod_auth_openidc_protects_a_department_site(stack: Stack, register: Register, tmp_path: Path):
    port = free_port()
    site = f"http://127.0.0.1:{port}"
    client = described("department-site", token_endpoint_auth_method="client_secret_basic", client_secret=SECRET)
    await register(client | {"redirect_uris": [f"{site}/signed-in"], "post_logout_redirect_uris": [f"{site}/left"]})
    with apache(tmp_path, port, stack.url, client):
        async with httpx.AsyncClient(timeout=20) as web, Browser(stack, "reviewer") as browser:
            sent = await asked_for(web, f"{site}/files")
            back = await web.get(await browser.go(sent.headers["location"], f"{site}/signed-in"))
            assert back.headers["location"] == f"{site}/files"
            shown = await web.get(f"{site}/files")
            who = dict(line.split("=", 1) for line in shown.text.splitlines())
            assert who["acr"] == "3"
            assert who["agency"]
            assert who["name"].startswith("王")
            left = await web.get(f"{site}/signed-in", params={"logout": f"{site}/left"})
            ended = parse_qs(urlsplit(left.headers["location"]).query)
            assert ended["post_logout_redirect_uri"] == [f"{site}/left"]
            assert (await browser.leave(left.headers["location"])).headers["location"] == f"{site}/left"


async def asked_for(web: httpx.AsyncClient, address: str) -> httpx.Response:
    """Return the first answer of a server that is being started."""
    for _ in range(100):
        with contextlib.suppress(httpx.ConnectError):
            return await web.get(address)
        await asyncio.sleep(0.1)
    raise TimeoutError(address)


@contextlib.contextmanager
def apache(folder: Path, port: int, issuer: str, client: dict[str, Any]) -> Iterator[None]:
    """Run Apache with the module and a page that says who it was told is there; the machine's set-up stays out."""
    page = folder / "site" / "files"
    page.parent.mkdir()
    page.write_text("".join(f'{claim}=<!--#echo var="OIDC_CLAIM_{claim}" encoding="none" -->\n' for claim in CLAIMS))
    modules = ("mpm_event", "authn_core", "authz_core", "authz_user", "include", "auth_openidc")
    configuration = folder / "apache.conf"
    configuration.write_text(
        "".join(f"LoadModule {it}_module {MODULES}/mod_{it}.so\n" for it in modules)
        + APACHE.format(folder=folder, port=port, issuer=issuer, secret=client["client_secret"], **client)
    )
    command = [program("apache2"), "-D", "FOREGROUND", "-f", str(configuration)]
    with subprocess.Popen(command) as server:  # noqa: S603 - Debian's own
        try:
            yield
        finally:
            server.terminate()
