"""What a client may be registered with."""

from dataclasses import replace
from uuid import UUID

import pytest

from gateway.clients.domain import Client, InvalidClientMetadata, require_strong_secret

WEB = Client(
    client_id="web",
    id=UUID(int=1),
    name="门户",
    state="active",
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
            changed.require_sound()


@pytest.mark.parametrize(
    "uri",
    ["https://web.test/callback?x=1", "http://127.0.0.1/callback", "http://[::1]:80/cb", "cn.onestop.mobile:/callback"],
)
def test_an_exact_address_is_registered(uri: str):
    replace(WEB, redirect_uris=(uri,)).require_sound()


@pytest.mark.parametrize(
    "changes",
    [
        {"authentication": "client_secret_post"},
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
        {"resources": ("https://web.test/#x",), "authentication": "private_key_jwt"},
        {"resources": ("web",), "authentication": "private_key_jwt"},
    ],
)
def test_what_we_do_not_support_is_not_registered(changes: dict[str, object]):
    with pytest.raises(InvalidClientMetadata):
        replace(WEB, **changes).require_sound()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [
        {"authentication": "client_secret_basic", "secret_hash": b"x", "pkce_optional": True},
        {"authentication": "private_key_jwt", "jwks": {"keys": []}, "resources": ("urn:onestop:archive",)},
        {"require_par": True},
    ],
)
def test_who_proves_himself_may_have_more(changes: dict[str, object]):
    replace(WEB, **changes).require_sound()  # type: ignore[arg-type]


@pytest.mark.parametrize("secret", ["short", "x" * 31, "x" * 32 + ":", "密" * 32, "x y" * 12])
def test_a_weak_secret_or_one_that_needs_escaping_is_refused(secret: str):
    with pytest.raises(InvalidClientMetadata):
        require_strong_secret(secret)


def test_a_long_random_secret_is_taken():
    require_strong_secret("A-z_0" * 7)
