"""A real nginx ends TLS before the gateway: the issuer is https, and everything is told and asked for accordingly."""

import asyncio
import signal
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from onestop_local.ports import free_port
from onestop_local.testing.programs import program

ME = "/api/gateway/v1/me"
_NGINX = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; events {{ }}
http {{
    access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {folder}/server.pem; ssl_certificate_key {folder}/server.pem; ssl_protocols TLSv1.2 TLSv1.3;
        location / {{
            proxy_pass http://127.0.0.1:{gateway};
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-Host $http_host;
        }}
    }}
}}
"""


def certificate_in(folder: Path) -> ssl.SSLContext:
    """Write a certificate for this machine, with its key; return what believes it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name.from_rfc4514_string("CN=zwfw.example.cn")
    now = datetime.now(UTC)  # noqa: TID251 - nginx and TLS look at the real clock
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    written = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "server.pem").write_bytes(written + private)
    return ssl.create_default_context(cadata=written.decode())


@asynccontextmanager
async def nginx(folder: Path, port: int, gateway: int) -> AsyncIterator[None]:
    (folder / "nginx.conf").write_text(_NGINX.format(folder=folder, port=port, gateway=gateway))
    command = [program("nginx"), "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
    process = await asyncio.create_subprocess_exec(*command)
    try:
        async with asyncio.timeout(20):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except ConnectionRefusedError:
                    await asyncio.sleep(0.02)
                else:
                    writer.close()
                    break
        yield
    finally:
        process.send_signal(signal.SIGQUIT)
        await process.wait()


@pytest.fixture
def gateway_settings() -> dict[str, Any]:
    return {"issuer": f"https://127.0.0.1:{free_port()}", "trusted_proxies": ["127.0.0.1/32"]}


@pytest.fixture
async def browser(
    gateway: Any, door_of: Any, open_browser_at: Any, tmp_path: Path, gateway_settings: dict[str, Any]
) -> AsyncIterator[Any]:
    """Return a browser before the proxy, which believes its certificate."""
    door, believed = await door_of(gateway), certificate_in(tmp_path)
    issuer = gateway_settings["issuer"]
    async with nginx(tmp_path, urlsplit(issuer).port or 0, door.base_url.port):
        yield open_browser_at(issuer, verify=believed)


@pytest.mark.needs("nginx")
async def test_people_and_programs_come_over_https_alone(browser: Any, key_holder: Any):
    issuer = str(browser.base_url).rstrip("/")
    told = (await browser.get("/.well-known/openid-configuration")).json()
    assert told["issuer"] == issuer
    addresses = [value for name, value in told.items() if name.endswith(("_endpoint", "_uri"))]
    assert len(addresses) >= 9
    assert all(it.startswith(f"{issuer}/") for it in addresses)

    asked = browser.asked()
    signed_in = await browser.sign_in(asked)
    cookies = [value for name, value in signed_in.headers.multi_items() if name == "set-cookie"]
    session = next(it for it in cookies if it.startswith("__Host-onestop-session="))
    assert all(word in session for word in ("Secure", "HttpOnly", "SameSite=lax", "Path=/"))
    told_back = browser.answer(signed_in)
    assert told_back["iss"] == issuer

    for_us, for_the_gateway = (f"{origin}/oauth/token" for origin in (issuer, issuer.replace("https", "http")))
    refused = await browser.redeem(asked, told_back["code"], key_holder.headers(htu=for_the_gateway))
    assert refused.json()["error"] == "invalid_dpop_proof"
    tokens = (await browser.redeem(asked, told_back["code"], key_holder.headers(htu=for_us))).json()
    shown = key_holder.shown(tokens["access_token"], htu=f"{issuer}{ME}")
    assert (await browser.get(ME, headers=shown)).status_code == 200

    site = {"Sec-Fetch-Site": "same-origin"}
    assert (await browser.get(ME, headers=site)).json()["client"] == ""
    sessions = "/api/gateway/v1/sessions"
    mine = (await browser.get(sessions, headers=site)).json()
    ending = f"{sessions}/{(mine if isinstance(mine, list) else mine['items'])[0]['id']}"
    for origin, status in ((issuer.replace("https", "http"), 401), (issuer, 204)):
        assert (await browser.delete(ending, headers=site | {"Origin": origin})).status_code == status


@pytest.mark.needs("nginx")
async def test_what_a_client_says_of_its_own_way_counts_for_nothing(browser: Any, gateway: Any):
    said = {"X-Forwarded-For": "198.51.100.9", "X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.test"}
    shown = await browser.get("/sign-in", headers=said)
    assert "evil.test" not in shown.text
    assert "Secure" in shown.headers["set-cookie"]
    form = {"client_id": "tv", "scope": "openid"}
    device = (await browser.post("/oauth/device_authorization", data=form, headers=said)).json()
    assert device["verification_uri"] == f"{str(browser.base_url).rstrip('/')}/device"
    assert await gateway.context.pool.fetchval("SELECT network FROM device_request") == "127.0.*.*"
