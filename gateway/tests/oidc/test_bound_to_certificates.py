"""Tokens that are bound to the certificate of a connection, behind a proxy where TLS ends (RFC 8705, 3)."""

from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jws
from joserfc.jwk import ECKey

from gateway.certificates import Certificates, der_of, thumbprint
from onestop_runtime.codec import loads

CREDENTIALS = {"grant_type": "client_credentials"}
SINCE, UNTIL = datetime(2026, 1, 1, tzinfo=UTC), datetime(2046, 1, 1, tzinfo=UTC)


@dataclass
class Identity:
    """A key and its certificate."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def shown(self) -> dict[str, str]:
        """Return what nginx says of a connection that was opened with it."""
        return {"X-Client-Cert": quote(self.pem)}

    @property
    def jwk(self) -> dict[str, Any]:
        """Return the public key as JWK, with its certificate."""
        return {**ECKey.import_key(self.pem_of_key).as_dict(private=False), "x5c": [b64encode(self.der).decode()]}

    @property
    def pem_of_key(self) -> str:
        kind = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.key.public_key().public_bytes(serialization.Encoding.PEM, kind).decode()


def issue(
    subject: str, by: Identity | None = None, *, dns: str | None = None, ca: bool = False, until: datetime = UNTIL
) -> Identity:
    """Return an identity whose certificate is issued by another one, or by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name.from_rfc4514_string(subject)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(by.certificate.subject if by else name)
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(SINCE).not_valid_after(until)
    builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    if dns:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(dns)]), critical=False)
    return Identity(key, builder.sign(by.key if by else key, hashes.SHA256()))


AUTHORITY = issue("CN=政务外网CA,O=河北省,C=CN", ca=True)
SUBJECT = "CN=archive,O=市场监督管理局,C=CN"
ARCHIVE = issue(SUBJECT, AUTHORITY, dns="archive.example.cn")


@pytest.fixture
def gateway_settings(tmp_path: Path) -> dict[str, Any]:
    file = tmp_path / "authorities.pem"
    file.write_text(AUTHORITY.pem)
    return {
        "trusted_proxies": ["127.0.0.0/8"],
        "client_certificate_header": "x-client-cert",
        "client_certificate_cas": file,
        "mtls_origin": "https://mtls.gateway.test",
    }


@pytest.fixture
async def register(browser: Any, open_browser: Any) -> Any:
    admin = await open_browser().bearer("admin")

    async def one(**more: Any) -> Any:
        new = {
            "client_id": "archive",
            "name": "档案管理系统",
            "grant_types": ["client_credentials", "authorization_code", "refresh_token"],
            "redirect_uris": ["https://archive.test/callback"],
            **more,
        }
        return await browser.post("/api/gateway/v1/clients", json=new, headers=admin | {"Idempotency-Key": "k"})

    return one


async def ask(browser: Any, identity: Identity | None, headers: dict[str, str] | None = None, **more: str) -> Any:
    form = CREDENTIALS | {"client_id": "archive"} | more
    shown = (identity.shown if identity else {}) | (headers or {})
    return await browser.post("/oauth/token", data=form, headers=shown)


def confirmation(token: str) -> Any:
    return loads(jws.extract_compact(token.encode()).payload).get("cnf")


@pytest.mark.parametrize(
    "name", [{"tls_client_auth_subject_dn": SUBJECT}, {"tls_client_auth_san_dns": "archive.example.cn"}]
)
async def test_who_is_named_in_a_certificate_of_an_authority_is_let_in(
    browser: Any, register: Any, name: dict[str, str]
):
    assert (await register(token_endpoint_auth_method="tls_client_auth", **name)).status_code == 201
    assert (await ask(browser, ARCHIVE)).status_code == 200
    wrong = [
        None,
        issue(SUBJECT, dns="archive.example.cn"),
        issue(SUBJECT, issue("CN=政务外网CA,O=河北省,C=CN", ca=True), dns="archive.example.cn"),
        issue(SUBJECT, ARCHIVE, dns="archive.example.cn"),
        issue("CN=other,O=市场监督管理局,C=CN", AUTHORITY, dns="other.example.cn"),
        issue(SUBJECT, AUTHORITY, dns="archive.example.cn", until=SINCE + timedelta(days=1)),
    ]
    for identity in wrong:
        refused = await ask(browser, identity)
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    assert (await ask(browser, ARCHIVE, client_id="web")).json()["error"] == "unauthorized_client"


async def test_a_self_signed_certificate_is_the_registered_one_letter_by_letter(browser: Any, register: Any):
    own = issue("CN=archive")
    again = issue("CN=archive")
    registered = await register(token_endpoint_auth_method="self_signed_tls_client_auth", jwks={"keys": [own.jwk]})
    assert registered.status_code == 201, registered.text
    assert (await ask(browser, own)).status_code == 200
    for identity in (again, ARCHIVE, None):
        assert (await ask(browser, identity)).status_code == 401


async def test_a_token_that_is_bound_to_a_certificate_counts_on_its_connections_alone(browser: Any, register: Any):
    await register(
        token_endpoint_auth_method="tls_client_auth",
        tls_client_auth_subject_dn=SUBJECT,
        tls_client_certificate_bound_access_tokens=True,
    )
    told = (await ask(browser, ARCHIVE)).json()
    assert (told["token_type"], confirmation(told["access_token"])) == ("Bearer", {"x5t#S256": thumbprint(ARCHIVE.der)})
    bearer, path = {"Authorization": f"Bearer {told['access_token']}"}, "/api/gateway/v1/me"
    assert (await browser.get(path, headers=bearer | ARCHIVE.shown)).status_code == 200
    stolen = issue("CN=archive").shown
    ours = {"Onestop-Client-Certificate": ARCHIVE.shown["X-Client-Cert"]}
    for shown in ({}, stolen, ours, stolen | ours):
        refused = await browser.get(path, headers=bearer | shown)
        assert (refused.status_code, refused.json()["type"]) == (401, "/problems/invalid-token")
    as_dpop = {"Authorization": f"DPoP {told['access_token']}"}
    assert (await browser.get(path, headers=as_dpop | ARCHIVE.shown)).status_code == 401


async def test_a_person_is_signed_in_over_connections_with_a_certificate(browser: Any, register: Any):
    own = issue("CN=archive")
    await register(
        token_endpoint_auth_method="self_signed_tls_client_auth",
        jwks={"keys": [own.jwk]},
        tls_client_certificate_bound_access_tokens=True,
        profile="fapi2",
        first_party=True,
    )
    asked = browser.asked("archive")
    pushed = await browser.post("/oauth/par", data=asked.parameters, headers=own.shown)
    assert pushed.status_code == 201, pushed.text
    page = await browser.follow(await browser.ask_pushed(pushed, "archive"))
    code = browser.answer(await browser.fill_in(page, username="citizen", password="碧海-金沙-2026"))["code"]
    tokens = (await browser.redeem(asked, code, own.shown)).json()
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert (await browser.get("/oauth/userinfo", headers=bearer | own.shown)).status_code == 200
    assert (await browser.get("/oauth/userinfo", headers=bearer)).status_code == 401
    again = await browser.refresh(tokens["refresh_token"], "archive", own.shown)
    assert confirmation(again.json()["access_token"]) == {"x5t#S256": thumbprint(own.der)}
    told = await browser.post(
        "/oauth/introspect", data={"token": tokens["access_token"], "client_id": "archive"}, headers=own.shown
    )
    assert (told.json()["token_type"], told.json()["cnf"]) == ("Bearer", {"x5t#S256": thumbprint(own.der)})


async def test_a_key_of_its_own_may_go_with_a_certificate(browser: Any, register: Any, key_holder: Any):
    await register(
        token_endpoint_auth_method="tls_client_auth",
        tls_client_auth_subject_dn=SUBJECT,
        tls_client_certificate_bound_access_tokens=True,
    )
    told = (await ask(browser, ARCHIVE, key_holder.headers())).json()
    assert (told["token_type"], confirmation(told["access_token"])) == ("DPoP", {"jkt": key_holder.thumbprint})


async def test_who_binds_tokens_to_a_certificate_and_shows_none_gets_none(browser: Any, gateway: Any):
    await gateway.context.pool.execute("UPDATE client SET certificate_bound = true WHERE client_id = 'hall'")
    asked = browser.asked("hall")
    code = await browser.code(asked)
    refused = await browser.redeem(asked, code, browser.proof_of("hall"))
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")
    redeemed = await browser.redeem(asked, code, browser.proof_of("hall") | ARCHIVE.shown)
    assert confirmation(redeemed.json()["access_token"]) == {"x5t#S256": thumbprint(ARCHIVE.der)}


async def test_the_metadata_says_where_and_how(browser: Any):
    told = (await browser.get("/.well-known/openid-configuration")).json()
    assert told["tls_client_certificate_bound_access_tokens"] is True
    assert told["mtls_endpoint_aliases"]["token_endpoint"] == "https://mtls.gateway.test/oauth/token"


async def test_a_public_client_binds_nothing_to_a_certificate(register: Any):
    bound = {"tls_client_certificate_bound_access_tokens": True}
    refused = await register(token_endpoint_auth_method="none", grant_types=["authorization_code"], **bound)
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/invalid-client-metadata")
    pointers = [it["pointer"] for it in refused.json()["errors"]]
    assert pointers == ["/tls_client_certificate_bound_access_tokens"]


class TestFromElsewhere:
    """The same header from a peer that is no trusted proxy."""

    @pytest.fixture
    def gateway_settings(self) -> dict[str, Any]:
        return {"trusted_proxies": ["10.0.0.0/8"], "client_certificate_header": "x-client-cert"}

    async def test_it_proves_nothing(self, browser: Any, register: Any):
        own = issue("CN=archive")
        await register(token_endpoint_auth_method="self_signed_tls_client_auth", jwks={"keys": [own.jwk]})
        ours = {"Onestop-Client-Certificate": own.shown["X-Client-Cert"]}
        for headers in ({}, ours):
            assert (await ask(browser, own, headers)).status_code == 401


class TestWithoutProxies:
    """A gateway that no proxy stands before."""

    @pytest.fixture
    def gateway_settings(self) -> dict[str, Any]:
        return {}

    async def test_nobody_is_let_in_by_a_header(self, browser: Any, register: Any):
        own = issue("CN=archive")
        await register(token_endpoint_auth_method="self_signed_tls_client_auth", jwks={"keys": [own.jwk]})
        for name in ("X-Client-Cert", "Onestop-Client-Certificate", "Client-Cert"):
            assert (await ask(browser, None, {name: own.shown["X-Client-Cert"]})).status_code == 401
        told = (await browser.get("/.well-known/openid-configuration")).json()
        assert "mtls_endpoint_aliases" not in told


def test_a_certificate_is_read_as_each_kind_of_proxy_writes_it():
    rfc_9440 = b":" + b64encode(ARCHIVE.der) + b":"
    for written in (rfc_9440, quote(ARCHIVE.pem).encode(), quote(ARCHIVE.pem, safe="+/=\n").encode()):
        assert der_of(written) == ARCHIVE.der
    for written in (b"", b"::", b":***:", b"(null)", b"x" * 20_000, quote(ARCHIVE.pem[:100]).encode()):
        assert der_of(written) is None


@pytest.mark.parametrize(
    ("authority", "vouches"),
    [
        (AUTHORITY, True),
        (issue("CN=archive"), False),
        (issue("CN=政务外网CA", ca=True, until=SINCE + timedelta(days=1)), False),
    ],
    ids=["one within its time", "no authority", "one past its time"],
)
def test_only_an_authority_within_its_time_vouches(authority: Identity, *, vouches: bool):
    certificates = Certificates([authority.certificate], lambda: SINCE + timedelta(days=2))
    assert certificates.vouches_for(issue(SUBJECT, authority).certificate) is vouches
