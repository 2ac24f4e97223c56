"""Which addresses a person is handed over to, and what a ticket proves."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cas.addresses import covering, is_rule, read_address
from gateway.cas.domain import Invalid, Ticket, new_ticket

NOW = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
SERVICE = "https://old.test/app/index.do?page=1"
TICKET = Ticket("old", UUID(int=1), SERVICE, "self", fresh=False, issued_at=NOW, expires_at=NOW + timedelta(seconds=30))
BELOW = "https://old.test/app/*"
EXACT = "https://old.test/app/login"


@pytest.mark.parametrize(
    ("rule", "service"),
    [
        (BELOW, "https://old.test/app/"),
        (BELOW, "https://old.test/app/a/b.do"),
        (BELOW, "https://old.test/app/a?next=/x&y=%E4%B8%80"),
        (BELOW, "https://OLD.test/app/a"),
        (BELOW, "https://old.test:443/app/a"),
        (EXACT, "https://old.test/app/login"),
        (EXACT, "https://old.test/app/login?a=b"),
        ("https://old.test/*", "https://old.test"),
        ("http://127.0.0.1:8080/*", "http://127.0.0.1:8080/x"),
    ],
)
def test_an_address_that_a_rule_names_is_covered(rule: str, service: str):
    address = read_address(service)
    assert address is not None
    assert covering([rule], address) == rule


@pytest.mark.parametrize(
    "service",
    [
        "https://old.test/apple",
        "https://old.test/app",
        "https://old.test/App/",
        "http://old.test/app/",
        "https://old.test:8443/app/",
        "https://old.test.evil.test/app/",
        "https://evil.test/app/",
    ],
)
def test_an_address_beside_it_is_not(service: str):
    address = read_address(service)
    assert address is not None
    assert covering([BELOW, EXACT], address) is None


@pytest.mark.parametrize(
    "service",
    [
        "https://old.test@evil.test/app/",
        "https://evil.test/https://old.test/app/",
        "https://old.test:x@evil.test/app/",
        "https://evil.test\\@old.test/app/",
        "https://old.test\\.evil.test/app/",
        "https://old.test/app/../admin",
        "https://old.test/app/..",
        "https://old.test/app/./x",
        "https://old.test/app/%2e%2e/admin",
        "https://old.test/app/%2E./admin",
        "https://old.test/app/..%2fadmin",
        "https://old.test/app/%5c..%5cadmin",
        "https://old.test/app//evil.test",
        "https://old.test/app/%0d%0aSet-Cookie:x",
        "https://old.test/app/%zz",
        "https://old.test/app/#ticket",
        "https://old.test/app/?a#b",
        "https://old.test/app/?ticket=ST-1",
        "https://old.test/app/?a=b&ticket=",
        "https://old.test/app/?%74icket=ST-1",
        "https://old.test/app/ x",
        "https://old.test/app/\n",
        "https://old.test/应用/",
        "https://old..test/app/",
        "https://.old.test/app/",
        "https://old.test./app/",
        "//old.test/app/",
        "javascript:alert(1)",
        "data:text/html,x",
        "https:///app/",
        "https://",
        "",
        "https://old.test/app/" + "x" * 1000,
    ],
)
def test_an_address_that_two_programs_may_read_differently_is_none(service: str):
    assert read_address(service) is None


@given(st.text(alphabet="ab/.:@\\%2eEfF?#*& \t\r\nhtps", max_size=40))
def test_whatever_follows_the_host_never_leads_to_another_one(rest: str):
    address = read_address("https://old.test" + rest)
    if address is not None and covering(["https://old.test/*"], address):
        assert rest == "" or rest[0] in "/?:"
        assert address.origin == ("https", "old.test", 443)


def test_the_most_exact_rule_counts():
    address = read_address("https://old.test/app/a/b")
    assert address is not None
    assert covering(["https://old.test/*", "https://old.test/app/a/*", BELOW], address) == "https://old.test/app/a/*"


@pytest.mark.parametrize("rule", [BELOW, EXACT, "https://old.test/*", "https://old.test", "https://old.test:8443/x"])
def test_a_plain_https_address_is_registered(rule: str):
    assert is_rule(rule, local=False)


@pytest.mark.parametrize(
    "rule", ["*", "https://*", "https://*.test/", "https://old.test*", "https://old.test/a*", "https://old.test/*/a",
             "https://old.test/?a=b", "https://old.test/#a", "https://a@old.test/", "/app", "https://old.test/**"],
)  # fmt: skip
def test_a_rule_that_covers_more_than_it_seems_to_is_not(rule: str):
    assert not is_rule(rule, local=True)


def test_plain_http_is_for_one_machine():
    assert is_rule("http://127.0.0.1:9000/*", local=True)
    assert not is_rule("http://127.0.0.1:9000/*", local=False)


def test_a_ticket_fits_the_smallest_field_that_clients_may_have():
    ticket = new_ticket()
    assert len(ticket) == 32
    assert ticket.startswith("ST-")
    assert ticket[3:].isalnum()
    assert new_ticket() != ticket


def test_a_ticket_is_good_for_its_service_for_a_while():
    TICKET.require_good(SERVICE, fresh=False, now=NOW + timedelta(seconds=29))
    replace(TICKET, fresh=True).require_good(SERVICE, fresh=True, now=NOW)


@pytest.mark.parametrize(
    ("service", "fresh", "seconds", "code"),
    [
        (SERVICE, False, 30, "INVALID_TICKET"),
        (SERVICE, True, 0, "INVALID_TICKET"),
        ("https://old.test/app/index.do?page=2", False, 0, "INVALID_SERVICE"),
        ("https://evil.test/", False, 0, "INVALID_SERVICE"),
    ],
)
def test_and_proves_nothing_otherwise(service: str, fresh: bool, seconds: int, code: str):  # noqa: FBT001
    with pytest.raises(Invalid) as refused:
        TICKET.require_good(service, fresh=fresh, now=NOW + timedelta(seconds=seconds))
    assert refused.value.code == code
