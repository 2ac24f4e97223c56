"""P9: five hundred people who sign in at the same moment, and refreshes of tokens.

Beside the sign-ins runs argon2id alone, with the parameters and as many threads as the gateway has: what a sign-in
costs at least. Beside the refreshes, pgbench uses up a refresh token, keeps the next and leaves the audit row, over
copies of the gateway's own tables, on the same server. A refresh counts per core of the gateway: by processor time.
"""

import asyncio
import base64
import hashlib
import json
import re
import secrets
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit
from uuid import uuid4

import asyncpg
import generator
import stack as stacks
from measure import ROUNDS, SECONDS, port_of, report
from submission_bench import inserted, pgbench, row_of

from gateway.signin.passwords import hash_password, password_fits
from onestop_local.stack import Home, Stack

AT_ONCE = 500
THREADS = 2
"""Threads of the gateway for hashes (`PASSWORD_WORKERS`)."""
CONNECTIONS = 16
CLIENT = "web"
PEOPLE = ("citizen", "citizen_2")
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_TABLES = ("refresh_token", "audit")
_SCRIPT = """
\\set n random(1, {tokens})
BEGIN;
UPDATE refresh_token SET used_at = now() WHERE token_hash = sha256(:n::text::bytea);
INSERT INTO refresh_token {token};
INSERT INTO audit {audit};
COMMIT;
"""


@dataclass
class Person:
    """A browser of its own, as far as signing in needs one."""

    port: int
    username: str
    password: str
    client_id: str
    redirect_uri: str
    cookies: dict[str, str] = field(default_factory=dict)
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    async def sign_in(self) -> dict[str, Any]:
        """Go the whole way from the client to its tokens."""
        async with generator.Connection(self.port) as connection:
            location = await self._ask(connection, "GET", f"/oauth/authorize?{urlencode(self._asked())}")
            page = await self._ask(connection, "GET", location)
            fields = dict(re.findall(r'<input type="hidden" name="(csrf|request)" value="([^"]+)"', page))
            fields |= {"username": self.username, "password": self.password}
            location = await self._ask(connection, "POST", "/sign-in", urlencode(fields))
            code = parse_qs(urlsplit(location).query)["code"][0]
            redeemed = {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": self.redirect_uri,
                "client_id": self.client_id,
                "code_verifier": self.verifier,
            }
            answer: dict[str, Any] = json.loads(
                await self._ask(connection, "POST", "/oauth/token", urlencode(redeemed))
            )
            return answer

    def _asked(self) -> dict[str, str]:
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).decode().rstrip("=")
        return {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": "openid profile",
            "act": "self",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }

    async def _ask(self, connection: generator.Connection, method: str, path: str, body: str = "") -> str:
        """Return the page, or where a redirect leads."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        status, head, answer = await connection.exchange(method, path, {**headers, **FORM}, body.encode())
        for name, value in head:
            if name == "set-cookie":
                cookie, _, kept = value.partition(";")[0].partition("=")
                self.cookies[cookie] = kept
        if status == 303:
            return next(value for name, value in head if name == "location")
        if status != 200:
            raise SystemExit(f"P9: {method} {path.partition('?')[0]} was answered {status}")
        return answer.decode()


async def p9(stack: Stack, _apis: dict[str, Any]) -> None:
    """Sign-ins of many at once, then refreshes."""
    hashes, signed_in, families = [], [], []
    hashed = hash_password("reference")
    for number in range(ROUNDS + 1):
        theirs = await asyncio.to_thread(_argon2, hashed)
        ours, families = await _sign_ins(stack)
        if number:
            hashes.append(theirs)
            signed_in.append(ours)
    report(
        f"P9 {AT_ONCE} sign-ins at once", "/s", statistics.median(signed_in), statistics.median(hashes), "none failed"
    )
    await _refreshes(stack, families[:CONNECTIONS])


async def _sign_ins(stack: Stack) -> tuple[float, list[dict[str, Any]]]:
    """Return sign-ins per second, and the tokens of each; ends the benchmark when one fails."""
    client, people = stack.document["clients"][CLIENT], stack.document["people"]
    port = port_of(stack.document["gateway"]["url"])
    crowd = [
        Person(
            port,
            people[name]["username"],
            people[name]["password"],
            client["client_id"],
            client["redirect_uris"][0],
        )
        for name in (PEOPLE * AT_ONCE)[:AT_ONCE]
    ]
    began = time.monotonic()
    tokens = await asyncio.gather(*(person.sign_in() for person in crowd))
    return AT_ONCE / (time.monotonic() - began), tokens


def _argon2(hashed: str) -> float:
    """Return how many passwords are checked per second by as many threads as the gateway has."""
    end, checked = time.monotonic() + SECONDS, 0

    def work() -> int:
        done = 0
        while time.monotonic() < end:
            password_fits(hashed, "reference")
            done += 1
        return done

    with ThreadPoolExecutor(THREADS) as threads:
        checked = sum(threads.map(lambda _: work(), range(THREADS)))
    return checked / SECONDS


async def _refreshes(stack: Stack, families: list[dict[str, Any]]) -> None:
    pid, port = stack.document["processes"]["gateway"], port_of(stack.document["gateway"]["url"])
    dsn = stacks.setting_of(pid, "ONESTOP_GATEWAY_DSN")
    held = [tokens["refresh_token"] for tokens in families]
    per_second, per_core, reference = [], [], []
    connection = await asyncpg.connect(dsn)
    script = Home.of(stack.name).directory / "refresh.sql"
    try:
        for number in range(ROUNDS + 1):
            before = stacks.cpu_seconds(pid)
            seen, held = await _refresh(stack, port, held)
            spent = stacks.cpu_seconds(pid) - before
            script.write_text(await _same_rows(connection))
            theirs = await asyncio.to_thread(pgbench, dsn, script, CONNECTIONS)
            if number:
                per_second.append(seen / SECONDS)
                per_core.append(seen / spent)
                reference.append(theirs)
        await connection.execute("DROP SCHEMA bench CASCADE")
    finally:
        await connection.close()
    report("P9 refresh", "/s", statistics.median(per_second), statistics.median(reference), "beside pgbench")
    report("P9 refresh per core of the gateway", "/s", statistics.median(per_core), None, ">= 1,500")


async def _refresh(stack: Stack, port: int, held: list[str]) -> tuple[int, list[str]]:
    """Exchange refresh tokens for a while, each the one that the last exchange gave; return how many, and the last."""
    client_id = stack.document["clients"][CLIENT]["client_id"]
    end = time.monotonic() + SECONDS

    async def one(token: str) -> tuple[int, str]:
        done = 0
        async with generator.Connection(port) as connection:
            while time.monotonic() < end:
                body = f"grant_type=refresh_token&client_id={client_id}&refresh_token={quote(token)}"
                status, answer = await connection.ask("POST", "/oauth/token", FORM, body.encode())
                if status != 200:
                    raise SystemExit(f"P9: a refresh was answered {status}: {answer.decode()}")
                token = json.loads(answer)["refresh_token"]
                done += 1
        return done, token

    outcomes = await asyncio.gather(*(one(token) for token in held))
    return sum(done for done, _ in outcomes), [token for _, token in outcomes]


async def _same_rows(connection: asyncpg.Connection) -> str:
    """Return what pgbench is to do: rows like those of a refresh, in tables made for it."""
    await connection.execute("DROP SCHEMA IF EXISTS bench CASCADE; CREATE SCHEMA bench")
    for table in _TABLES:
        await connection.execute(f"CREATE TABLE bench.{table} (LIKE public.{table} INCLUDING ALL)")
    columns = await connection.fetchval(
        "SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns "
        "WHERE table_schema = 'public' AND table_name = 'refresh_token' "
        "AND column_name NOT IN ('token_hash', 'replaces')"
    )
    tokens = 20_000
    await connection.execute(
        f"INSERT INTO bench.refresh_token (token_hash, {columns}) SELECT sha256(n::text::bytea), {columns} "  # noqa: S608 - its own columns
        f"FROM generate_series(1, {tokens}) AS n, "
        "(SELECT * FROM public.refresh_token LIMIT 1) AS one"
    )
    token = await row_of(connection, "refresh_token", "used_at IS NULL")
    audit = await row_of(connection, "audit", "verb = 'token.issued'")
    return _SCRIPT.format(
        tokens=tokens,
        token=inserted(token | {"token_hash": "sha256(gen_random_uuid()::text::bytea)", "replaces": "NULL"}),
        audit=inserted(audit | {"key": f"'{uuid4()}'"}),
    )
