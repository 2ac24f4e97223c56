"""What an access token says is believed only when we said it, to us, and not too long ago."""

import base64
import hmac
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, OKPKey

from gateway.tokens.access import LIFETIME, AccessTokens, InvalidToken
from gateway.tokens.identities import Credentials, Identities
from gateway.tokens.keys import KeyRing, generate_key
from gateway.tokens.revoked import Revoked
from onestop_runtime.assertion import GATEWAY, AssertionVerifier, published
from onestop_runtime.caller import Caller, Party

ISSUER = "http://127.0.0.1:8080"
AGENT = Caller(
    sub=UUID(int=1),
    kind="natural",
    act=Party(UUID(int=2), "91130371MA7001010P", "秦皇岛开发区山海食品有限公司"),
    mandate=UUID(int=3),
    acr="2",
    client="web",
    channel="web",
    name="李*",
)


class MovableClock:
    def __init__(self) -> None:
        self.at = datetime.now(UTC)  # noqa: TID251 - a test starts at the present and moves from there

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock():
    return MovableClock()


@pytest.fixture
def ring():
    return KeyRing(generate_key())


@pytest.fixture
def tokens(ring: KeyRing, clock: MovableClock):
    return AccessTokens(ring, ISSUER, clock)


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def issue(tokens: AccessTokens, caller: Caller = AGENT):
    return tokens.issue(caller, scopes=frozenset({"openid"}), grant_id=UUID(int=9))


def bearer(token: str) -> Credentials:
    return said(b"Bearer " + token.encode())


def said(*authorizations: bytes) -> Credentials:
    return Credentials.of([(b"host", b"x"), *((b"authorization", value) for value in authorizations)])


def test_a_token_carries_who_and_for_whom_so_that_nobody_has_to_ask(tokens: AccessTokens):
    principal = tokens.verify(issue(tokens).value)
    assert principal.caller == AGENT
    assert (principal.client_id, principal.scopes) == ("web", {"openid"})
    assert str(UUID(int=9)) in principal.names


def test_a_token_of_another_issuer_or_audience_is_refused(tokens: AccessTokens, ring: KeyRing, clock: MovableClock):
    with pytest.raises(InvalidToken):
        tokens.verify(issue(AccessTokens(ring, "http://elsewhere", clock)).value)


def test_a_token_ends_by_itself(tokens: AccessTokens, clock: MovableClock):
    token = issue(tokens).value
    clock.at += LIFETIME + timedelta(seconds=6)
    with pytest.raises(InvalidToken):
        tokens.verify(token)


@pytest.mark.parametrize("header", [{"alg": "ES256", "typ": "JWT"}, {"alg": "ES256"}])
def test_an_id_token_is_no_access_token(tokens: AccessTokens, ring: KeyRing, header: dict[str, str]):
    claims = jwt.decode(issue(tokens).value, ring.published, algorithms=["ES256"]).claims
    forged = jwt.encode({**header, "kid": ring.signing.kid}, claims, ring.signing, algorithms=["ES256"])
    with pytest.raises(InvalidToken):
        tokens.verify(forged)


def test_a_token_signed_with_our_public_key_as_secret_is_refused(tokens: AccessTokens, ring: KeyRing):
    _, payload, _ = issue(tokens).value.split(".")
    header = encoded(f'{{"alg":"HS256","typ":"at+jwt","kid":"{ring.signing.kid}"}}'.encode())
    secret = ring.signing.as_pem(private=False)
    signature = hmac.digest(secret, f"{header}.{payload}".encode(), "sha256")
    with pytest.raises(InvalidToken):
        tokens.verify(f"{header}.{payload}.{encoded(signature)}")


def test_an_unsigned_token_is_refused(tokens: AccessTokens):
    _, payload, _ = issue(tokens).value.split(".")
    unsigned = encoded(b'{"alg":"none","typ":"at+jwt"}')
    for signature in ("", "AAAA"):
        with pytest.raises(InvalidToken):
            tokens.verify(f"{unsigned}.{payload}.{signature}")


def test_a_token_signed_by_a_key_it_brings_along_is_refused(tokens: AccessTokens):
    key = generate_key()
    header = {"alg": "ES256", "typ": "at+jwt", "jwk": key.as_dict(private=False)}
    forged = jwt.encode(header, {"iss": ISSUER, "aud": ISSUER}, key, algorithms=["ES256"])
    with pytest.raises(InvalidToken):
        tokens.verify(forged)


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "ä.b.c", "e30.e30.e30", "x" * 9000, "a.b.c.d.e"])
def test_what_is_no_token_is_refused(tokens: AccessTokens, token: str):
    with pytest.raises(InvalidToken):
        tokens.verify(token)


async def test_the_edge_gets_a_caller_and_the_service_the_same_one(tokens: AccessTokens, clock: MovableClock):
    key = OKPKey.generate_key("Ed25519", {"use": "sig"}, auto_kid=True)
    identities = Identities(tokens, key, clock)
    principal = await identities.resolve(bearer(issue(tokens).value), "GET", b"/")
    assertion = identities.assertion_for(principal, "svc-intake")
    assert identities.assertion_for(principal, "svc-intake") is assertion
    assert identities.assertion_for(principal, "svc-credit") != assertion
    verifier = AssertionVerifier(KeySet([published(key, GATEWAY)]), "svc-intake")
    assert verifier.verify(assertion) == AGENT


async def test_an_assertion_is_renewed_before_it_goes_stale(tokens: AccessTokens, clock: MovableClock):
    key = OKPKey.generate_key("Ed25519", {"use": "sig"}, auto_kid=True)
    identities = Identities(tokens, key, clock)
    principal = await identities.resolve(bearer(issue(tokens).value), "GET", b"/")
    first = identities.assertion_for(principal, "svc-intake")
    clock.at += timedelta(seconds=46)
    assert identities.assertion_for(principal, "svc-intake") is not first


async def test_a_request_without_credentials_is_nobody(tokens: AccessTokens, clock: MovableClock):
    identities = Identities(tokens, OKPKey.generate_key("Ed25519", auto_kid=True), clock)
    assert await identities.resolve(Credentials.of([(b"host", b"x"), (b"cookie", b"a=b")]), "GET", b"/") is None


@pytest.mark.parametrize("value", [b"Basic abc", b"Bearer", b"Bearer ", b"Bearer \xff", b""])
async def test_credentials_that_cannot_be_read_are_an_error_and_not_nobody(
    tokens: AccessTokens, clock: MovableClock, value: bytes
):
    identities = Identities(tokens, OKPKey.generate_key("Ed25519", auto_kid=True), clock)
    with pytest.raises(InvalidToken):
        await identities.resolve(said(value), "GET", b"/")


async def test_two_authorization_headers_are_refused(tokens: AccessTokens, clock: MovableClock):
    identities = Identities(tokens, OKPKey.generate_key("Ed25519", auto_kid=True), clock)
    value = b"Bearer " + issue(tokens).value.encode()
    for values in ([value, value], [b"", value], [value, b"", value]):
        with pytest.raises(InvalidToken):
            await identities.resolve(said(*values), "GET", b"/")


async def test_a_remembered_token_ends_by_itself_and_by_revocation(tokens: AccessTokens, clock: MovableClock):
    revoked = Revoked()
    identities = Identities(tokens, OKPKey.generate_key("Ed25519", auto_kid=True), clock, revoked=revoked)
    first, second, third = (bearer(issue(tokens).value) for _ in range(3))
    assert await identities.resolve(first, "GET", b"/")
    principal = await identities.resolve(second, "GET", b"/")
    assert principal
    revoked.add(principal.names[:1])
    with pytest.raises(InvalidToken):
        await identities.resolve(second, "GET", b"/")
    revoked.add([str(UUID(int=9))])
    with pytest.raises(InvalidToken):
        await identities.resolve(third, "GET", b"/")
    clock.at += LIFETIME
    with pytest.raises(InvalidToken):
        await identities.resolve(first, "GET", b"/")


def test_keys_that_no_longer_sign_are_still_believed_and_published(ring: KeyRing, clock: MovableClock):
    tokens = AccessTokens(ring, ISSUER, clock)
    old = issue(tokens, Caller(sub=uuid4(), kind="natural", client="web")).value
    ring.replace(KeyRing(generate_key(), others=[ring.signing]))
    assert tokens.verify(old)
    assert len(ring.jwks()["keys"]) == 2
    assert all("d" not in key and key["alg"] == "ES256" for key in ring.jwks()["keys"])
