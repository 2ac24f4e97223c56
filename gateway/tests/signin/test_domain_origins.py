"""From where somebody asks is told so that a person recognises it, and no more."""

import pytest

from gateway.network import network_at
from gateway.signin.origins import device_of, network_of


@pytest.mark.parametrize(
    ("address", "told"),
    [("203.0.113.7", "203.0.*.*"), ("2001:db8::1", "2001:db8:*"), ("", "—"), ("testclient", "—")],
)
def test_a_network_is_told_roughly(address: str, told: str):
    assert network_of(address) == told


@pytest.mark.parametrize(
    ("user_agent", "told"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/150.0.0.0 Safari/537.36", "Chrome · Windows"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/150.0.0.0 Safari/537.36 Edg/150.0.0.0", "Edge · Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0", "Firefox · Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1", "Safari · iPhone"),
        ("TV/1.0", "TV/1.0"),
        ("", ""),
        ("x" * 500, "x" * 200),
    ],
)
def test_a_browser_is_called_as_people_call_it(user_agent: str, told: str):
    assert device_of(user_agent) == told


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:0:1::7", "2001:db8:0:1::/64"),
        ("2001:db8:0:1:ffff:ffff:ffff:ffff", "2001:db8:0:1::/64"),
        ("2001:db8:0:2::7", "2001:db8:0:2::/64"),
        ("", ""),
    ],
)
def test_who_has_many_addresses_is_one(address: str, network: str):
    assert network_at(address) == network
