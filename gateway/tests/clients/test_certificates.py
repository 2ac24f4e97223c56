"""Clients that prove themselves by a certificate (RFC 8705, 2), as a proxy of ours passes it on."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jwk import ECKey
from pydantic import ValidationError

from gateway.clients.certificates import require_subject
from gateway.clients.metadata import InvalidClientMetadata, require_sound
from gateway.clients.schemas import NewClient
from gateway.oidc.discovery import metadata
from gateway.seed import fill
from gateway.settings import GatewaySettings
from onestop_runtime.ids import uuid7

SUBJECT = "CN=tax.example.cn,O=税务局,C=CN"
HOST = "tax.example.cn"
HEADER = "client-cert"
START = datetime(2020, 1, 1, tzinfo=UTC)


def authority() -> x509.Certificate:
    """Return the certificate of the authority that vouches for names."""
    name = x509.Name.from_rfc4514_string("CN=政务外网CA,C=CN")
    made = x509.CertificateBuilder(name, name, AUTHORITY_KEY.public_key(), x509.random_serial_number())
    made = made.not_valid_before(START).not_valid_after(START + timedelta(days=36500))
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    return made.sign(AUTHORITY_KEY, hashes.SHA256())


AUTHORITY_KEY = ec.generate_private_key(ec.SECP256R1())
AUTHORITY = authority()


def certificate(
    subject: str = SUBJECT, host: str | None = HOST, days: int = 36500, *, own: bool = False
) -> x509.Certificate:
    """Return a certificate of the authority, or one that its owner has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name.from_rfc4514_string(subject)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name if own else AUTHORITY.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(START)
        .not_valid_after(START + timedelta(days=days))
    )
    if host is not None:
        made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
    return made.sign(key if own else AUTHORITY_KEY, hashes.SHA256())


OWN = certificate("CN=self", None, own=True)


def as_bytes(shown: x509.Certificate) -> str:
    """Write a certificate as RFC 9440 does."""
    return f":{b64encode(shown.public_bytes(Encoding.DER)).decode()}:"


def as_escaped_pem(shown: x509.Certificate) -> str:
    """Write a certificate as nginx does."""
    return quote(shown.public_bytes(Encoding.PEM).decode())


def registration(client_id: str, **changes: Any) -> dict[str, Any]:
    return {
        "client_id": client_id,
        "name": "税务系统",
        "token_endpoint_auth_method": "tls_client_auth",
        "grant_types": ["client_credentials"],
        **changes,
    }


def own_key() -> dict[str, Any]:
    """Return the key set of the client that has signed its certificate itself."""
    key = ECKey.import_key(OWN.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return {"keys": [{**key.as_dict(private=False), "x5c": [b64encode(OWN.public_bytes(Encoding.DER)).decode()]}]}


@pytest.fixture
def gateway_settings(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    authorities = tmp_path / "authorities.pem"
    authorities.write_bytes(AUTHORITY.public_bytes(Encoding.PEM))
    proxies = [getattr(request, "param", "127.0.0.0/8")]
    return {
        "trusted_proxies": proxies,
        "client_certificate_header": HEADER,
        "client_certificate_cas": authorities,
    }


@pytest.fixture
async def suite(gateway: Any, browser: Any) -> Any:
    """Return a browser before a gateway that knows three clients with certificates."""
    clients = [
        registration("by-subject", tls_client_auth_subject_dn=SUBJECT),
        registration("by-host", tls_client_auth_san_dns=HOST),
        registration("by-itself", token_endpoint_auth_method="self_signed_tls_client_auth", jwks=own_key()),
    ]
    await fill(gateway.transaction, gateway.context.state.cipher, {"clients": clients})
    return browser


async def ask(suite: Any, client_id: str, *shown: str, **more: str) -> Any:
    form = {"grant_type": "client_credentials", "client_id": client_id, **more}
    return await suite.post("/oauth/token", data=form, headers=[(HEADER, value) for value in shown])


@pytest.mark.parametrize("written", [as_bytes, as_escaped_pem])
@pytest.mark.parametrize(
    ("client_id", "shown"), [("by-subject", certificate()), ("by-host", certificate("CN=x")), ("by-itself", OWN)]
)
async def test_a_client_is_known_by_its_certificate(suite: Any, client_id: str, shown: Any, written: Any):
    answered = await ask(suite, client_id, written(shown))
    assert (answered.status_code, answered.json()["token_type"]) == (200, "Bearer")
    form = {"token": answered.json()["access_token"], "client_id": client_id}
    told = await suite.post("/oauth/introspect", data=form, headers={HEADER: written(shown)})
    assert (told.json()["active"], told.json()["client_id"]) == (True, client_id)


@pytest.mark.parametrize(
    ("client_id", "shown"),
    [
        ("by-subject", []),
        ("by-subject", [as_bytes(certificate("CN=tax.example.cn,O=税务局"))]),
        ("by-subject", [as_bytes(certificate("CN=tax.example.cn.evil.test,O=税务局,C=CN"))]),
        ("by-subject", [as_bytes(certificate(days=365))]),
        ("by-subject", [as_bytes(certificate(own=True))]),
        ("by-host", [as_bytes(certificate(own=True))]),
        ("by-subject", [as_bytes(certificate()), as_bytes(certificate())]),
        ("by-subject", [":AAAA:"]),
        ("by-subject", ["%20"]),
        ("by-subject", [":" + "A" * 20000 + ":"]),
        ("by-host", [as_bytes(certificate(host="www.tax.example.cn"))]),
        ("by-host", [as_bytes(certificate("CN=tax.example.cn", None))]),
        ("by-itself", [as_bytes(certificate("CN=self", None, own=True))]),
        ("by-itself", [as_bytes(certificate("CN=self", None))]),
        ("department", [as_bytes(certificate())]),
        ("hall", [as_bytes(certificate())]),
    ],
)
async def test_any_other_certificate_opens_nothing(suite: Any, client_id: str, shown: list[str]):
    refused = await ask(suite, client_id, *shown)
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


async def test_a_secret_beside_the_certificate_is_refused(suite: Any):
    refused = await ask(suite, "by-subject", as_bytes(certificate()), client_secret="x" * 43)
    assert refused.json()["error"] == "invalid_client"


@pytest.mark.parametrize("gateway_settings", ["10.0.0.0/8"], indirect=True)
async def test_nobody_but_a_trusted_proxy_passes_on_certificates(suite: Any):
    refused = await ask(suite, "by-subject", as_bytes(certificate()))
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


def test_without_proxies_there_is_no_such_header():
    with pytest.raises(ValidationError, match="TRUSTED_PROXIES"):
        GatewaySettings(client_certificate_header=HEADER)


async def test_the_methods_are_published_where_certificates_are_passed_on(suite: Any):
    told = (await suite.get("/.well-known/openid-configuration")).json()
    both = {"tls_client_auth", "self_signed_tls_client_auth"}
    for name in ("token", "revocation", "introspection"):
        assert both <= set(told[f"{name}_endpoint_auth_methods_supported"])
        assert both.isdisjoint(metadata("https://id.test")[f"{name}_endpoint_auth_methods_supported"])


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"tls_client_auth_subject_dn": SUBJECT, "tls_client_auth_san_dns": HOST},
        {"tls_client_auth_subject_dn": SUBJECT, "jwks_uri": "https://tax.test/jwks"},
        {"tls_client_auth_subject_dn": SUBJECT, "client_secret": "x" * 43},
        {"token_endpoint_auth_method": "self_signed_tls_client_auth"},
        {"token_endpoint_auth_method": "none", "tls_client_auth_san_dns": HOST},
    ],
)
def test_a_client_is_registered_with_exactly_what_its_certificate_is_known_by(changes: dict[str, Any]):
    with pytest.raises(InvalidClientMetadata):
        require_sound(NewClient.model_validate(registration("tax", **changes)).as_client(uuid7()))


def test_a_subject_is_written_as_rfc_4514_does():
    require_subject(SUBJECT)
    with pytest.raises(InvalidClientMetadata) as refused:
        require_subject("tax.example.cn")
    assert refused.value.errors[0].pointer == "/tls_client_auth_subject_dn"
