"""A person's browser, as far as signing in needs one: cookies, redirects, forms. It runs no script.

Used by the demo and by journeys through the gateway; a front end does the same with any OpenID Connect library.
"""

import asyncio
import base64
import hashlib
import secrets
import time
from dataclasses import dataclass, field
from html.parser import HTMLParser
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urljoin, urlsplit
from uuid import uuid4

import httpx

from onestop_local.checks import PATIENCE_SECONDS
from onestop_local.stack import Stack

_MOST_PAGES = 12
_PASSING = {502, 503, 504}
"""Answers that pass: something is being started again."""


async def patiently(http: httpx.AsyncClient, seconds: float, method: str, url: str, **options: Any) -> httpx.Response:
    """Send a request; what does not get through, or meets a part that is being started again, is sent once more."""
    end = time.monotonic() + seconds
    while True:
        try:
            answer = await http.request(method, url, **options)
            if answer.status_code not in _PASSING or time.monotonic() > end:
                return answer
        except httpx.TransportError:
            if time.monotonic() > end:
                raise
        await asyncio.sleep(0.2)


class SignInFailed(Exception):
    """The gateway did not let the person in; the text says what it showed."""


@dataclass
class Form:
    """A form of a page: where it goes and what it carries."""

    action: str = ""
    method: str = "get"
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("method", "get").lower()))
        elif tag == "input" and self.forms and given.get("name"):
            self.forms[-1].fields[given["name"]] = given.get("value", "")
        elif tag == "button" and self.forms and given.get("name"):
            self.forms[-1].buttons.append((given["name"], given.get("value", "")))

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.text.append(data.strip())


@dataclass
class Session:
    """What a client holds after a sign-in: tokens, and whether a password was asked for."""

    access_token: str
    id_token: str
    refresh_token: str | None
    password_asked: bool


class Browser:
    """One person's browser at one gateway."""

    def __init__(self, stack: Stack, person: str) -> None:
        self.person = person
        self._people = stack.document["people"]
        self._clients = stack.document["clients"]
        self._url = stack.document["gateway"]["url"]
        self._http = httpx.AsyncClient(base_url=self._url, timeout=20, follow_redirects=False)

    async def __aenter__(self) -> Self:
        """Open the browser."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the browser; the cookies are gone."""
        await self._http.aclose()

    async def sign_in(self, client: str, act: str | None = None) -> Session:
        """Sign in to the registered `client` by authorization code with PKCE; type the password when asked.

        Args:
            client: its key in `stack.json`.
            act: for whom to act: `self`, a credit code, or the id of a person; None for the usual.

        Raises:
            SignInFailed: when it does not end at the client's own address with a code.
        """
        registered = self._clients[client]
        redirect_uri = registered["redirect_uris"][0]
        verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        page = await self._send(
            "GET",
            "/oauth/authorize",
            params={
                "response_type": "code",
                "client_id": registered["client_id"],
                "redirect_uri": redirect_uri,
                "scope": "openid profile offline_access",
                "state": state,
                "nonce": secrets.token_urlsafe(16),
                "code_challenge": challenge,
                "code_challenge_method": "S256",
            }
            | ({"act": act} if act else {}),
        )
        reached, password_asked = await self._walk(page, redirect_uri)
        query = parse_qs(urlsplit(reached).query)
        if query.get("state") != [state] or "code" not in query:
            raise SignInFailed(f"{query.get('error')}: {query.get('error_description')}")
        answer = await self._send(
            "POST",
            "/oauth/token",
            data={
                "grant_type": "authorization_code",
                "code": query["code"][0],
                "redirect_uri": redirect_uri,
                "code_verifier": verifier,
                "client_id": registered["client_id"],
            },
            auth=self._authentication(registered),
        )
        if answer.status_code != httpx.codes.OK:
            raise SignInFailed(answer.text)
        tokens = answer.json()
        return Session(tokens["access_token"], tokens["id_token"], tokens.get("refresh_token"), password_asked)

    async def go(self, address: str, redirect_uri: str) -> str:
        """Go where a client sends the browser and sign in when asked; return with what address it comes back.

        Args:
            address: at the gateway.
            redirect_uri: what the client's own address begins with.

        Raises:
            SignInFailed: when it does not come back.
        """
        reached, _ = await self._walk(await self._send("GET", address), redirect_uri)
        return reached

    async def leave(self, address: str) -> httpx.Response:
        """Go where a client sends the browser to sign out; return the answer."""
        return await self._send("GET", address)

    async def _walk(self, page: httpx.Response, redirect_uri: str) -> tuple[str, bool]:
        """Follow redirects and send forms until the client's address is reached; return it."""
        asked = False
        for _ in range(_MOST_PAGES):
            if page.is_redirect:
                target = urljoin(str(page.url), page.headers["location"])
                if target.startswith(redirect_uri):
                    return target, asked
                page = await self._send("GET", target)
                continue
            form, shown = self._form_of(page)
            if "password" in form.fields:
                if asked:
                    raise SignInFailed(shown)
                asked = True
                who = self._people[self.person]
                form.fields |= {"username": who["username"], "password": who["password"]}
            if ("decision", "approve") in form.buttons:
                form.fields["decision"] = "approve"
            page = await self._send(
                form.method, urljoin(str(page.url), form.action), data=form.fields, headers={"Origin": self._url}
            )
        raise SignInFailed("too many pages")

    async def _send(self, method: str, url: str, **options: Any) -> httpx.Response:
        return await patiently(self._http, PATIENCE_SECONDS, method, url, **options)

    def _form_of(self, page: httpx.Response) -> tuple[Form, str]:
        reader = _Page()
        reader.feed(page.text)
        shown = " ".join(reader.text)
        if not reader.forms:
            raise SignInFailed(f"{page.status_code}: {shown[:300]}")
        return reader.forms[0], shown

    def _authentication(self, registered: dict[str, Any]) -> httpx.Auth:
        if registered["token_endpoint_auth_method"] == "client_secret_basic":  # noqa: S105 - the name of a method
            return httpx.BasicAuth(registered["client_id"], registered["client_secret"])
        return httpx.Auth()  # a public client proves itself by its verifier


class Api:
    """Calls to the platform's API as a signed-in person, or as nobody.

    Behaves like a phone on a bad line: what did not get through, or met a part that was being started again, is sent
    once more, under the same Idempotency-Key, until `patience` seconds are over.
    """

    def __init__(self, stack: Stack, session: Session | None = None, *, patience: float = PATIENCE_SECONDS) -> None:
        headers = {"Authorization": f"Bearer {session.access_token}"} if session else {}
        self._patience = patience
        self._http = httpx.AsyncClient(
            base_url=stack.document["gateway"]["url"] + "/api", headers=headers, timeout=20, follow_redirects=False
        )

    async def get(
        self, path: str, *, position: str | None = None, prefer: str | None = None, **params: str
    ) -> httpx.Response:
        """Read; once what `position` stands for is in effect there, if one is given."""
        given = {"Position-Token": position, "Prefer": prefer}
        headers = {name: value for name, value in given.items() if value is not None}
        return await self._send("GET", path, params=params, headers=headers)

    async def post(
        self, path: str, body: Any = None, *, etag: str | None = None, key: str | None = None
    ) -> httpx.Response:
        """Do something, once: `key` is the Idempotency-Key, a new one unless given."""
        headers = {"Idempotency-Key": key or str(uuid4())} | ({"If-Match": etag} if etag else {})
        return await self._send("POST", path, json=body, headers=headers)

    async def put(self, path: str, body: Any, *, etag: str) -> httpx.Response:
        """Change what one has read as `etag`."""
        return await self._send("PUT", path, json=body, headers={"If-Match": etag})

    async def upload(self, path: str, content: bytes, media_type: str, *, file_name: str) -> httpx.Response:
        """Send a file."""
        headers = {"Content-Type": media_type, "X-File-Name": file_name}
        return await self._send("PUT", path, content=content, headers=headers)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        return await patiently(self._http, self._patience, method, path, **options)
