"""What is called when somebody has registered an address: the public net, and nothing beside."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gateway import outbound as module
from gateway.outbound import CallFailed, Outbound

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def served(handle: Handler, **options: Any) -> AsyncIterator[int]:
    server = await asyncio.start_server(handle, "127.0.0.1", 0, **options)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def answering(answer: bytes, seen: list[bytes] | None = None) -> Handler:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        if seen is not None:
            seen.append(request)
        writer.write(answer)
        await writer.drain()
        writer.close()

    return handle


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture
async def open_outbound() -> AsyncIterator[Callable[..., Outbound]]:
    opened: list[Outbound] = []

    def open_one(**chosen: Any) -> Outbound:
        opened.append(Outbound(**chosen))
        return opened[-1]

    yield open_one
    for one in opened:
        await one.aclose()


async def test_on_one_machine_everything_may_be_called(open_outbound: Any):
    async with served(answering(OK)) as port:
        assert await open_outbound(local=True).document(f"http://127.0.0.1:{port}/jwks") == {}


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",  # noqa: S104 - called, not listened at
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "[fd00::1]",
        "[fe80::1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[::127.0.0.1]",
        "[::ffff:0:127.0.0.1]",
        "[fec0::1]",
        "2130706433",
        "0x7f.1",
        "127.1",
    ],
)
async def test_an_address_that_is_not_public_is_not_called(open_outbound: Any, host: str):
    seen: list[bytes] = []
    async with served(answering(OK, seen)) as port:
        with pytest.raises(CallFailed, match="not reached"):
            await open_outbound(local=False).call("GET", f"https://{host}:{port}/")
    assert seen == []


async def test_a_name_is_looked_at_when_the_connection_is_made(open_outbound: Any, monkeypatch: pytest.MonkeyPatch):
    async def rebound(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    seen: list[bytes] = []
    async with served(answering(OK, seen)) as port:
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", rebound)
        with pytest.raises(CallFailed):
            await open_outbound(local=False).call("GET", f"https://keys.example.cn:{port}/")
    assert seen == []


async def test_a_network_of_the_settings_may_be_called_over_tls_only(open_outbound: Any):
    ours = open_outbound(local=False, networks=[ip_network("127.0.0.0/8")])
    seen: list[bytes] = []
    async with served(answering(OK, seen)) as port:
        with pytest.raises(CallFailed, match="not https"):
            await ours.call("GET", f"http://127.0.0.1:{port}/")
    assert seen == []


async def test_a_certificate_that_nobody_vouches_for_is_not_believed(open_outbound: Any, tmp_path: Path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own_certificate(tmp_path))
    seen: list[bytes] = []
    async with served(answering(OK, seen), ssl=context) as port:
        with pytest.raises(CallFailed, match="ConnectError"):
            await open_outbound(local=True).call("GET", f"https://localhost:{port}/")
    assert seen == []


def own_certificate(folder: Path) -> Path:
    """Return a file with a key and a certificate for `localhost` that it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    since = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(since).not_valid_after(since + timedelta(days=36500))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    file = folder / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return file


async def test_a_redirect_is_not_followed(open_outbound: Any):
    seen: list[bytes] = []
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    async with served(answering(moved, seen)) as port:
        with pytest.raises(CallFailed, match="status 302"):
            await open_outbound(local=True).document(f"http://127.0.0.1:{port}/")
    assert len(seen) == 1


async def test_no_answer_is_waited_for_too_long_nor_read_beyond_its_limit(
    open_outbound: Any, monkeypatch: pytest.MonkeyPatch
):
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    monkeypatch.setattr(module, "_SECONDS", 0.2)
    async with served(silent) as port:
        with pytest.raises(CallFailed, match="in time"):
            await open_outbound(local=True).call("GET", f"http://127.0.0.1:{port}/")
    monkeypatch.undo()
    endless = b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (64 * 1024 + 1)
    async with served(answering(endless)) as port:
        with pytest.raises(CallFailed, match="too large"):
            await open_outbound(local=True).call("GET", f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-x\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{}"])
async def test_an_answer_that_is_none_is_a_failed_call(open_outbound: Any, answer: bytes):
    async with served(answering(answer)) as port:
        with pytest.raises(CallFailed):
            await open_outbound(local=True).document(f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "http://", "http://[::1", "https://" + "a" * 70 + ".cn/"])
async def test_an_address_that_is_none_is_a_failed_call(open_outbound: Any, url: str):
    with pytest.raises(CallFailed):
        await open_outbound(local=True).call("GET", url)


async def test_what_is_sent_arrives_whole(open_outbound: Any):
    seen: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        seen.append(head + await reader.readexactly(4))
        writer.write(OK)
        writer.close()

    async with served(handle) as port:
        answer = await open_outbound(local=True).call(
            "POST", f"http://127.0.0.1:{port}/", headers={"Content-Type": "text/plain"}, content=b"news"
        )
    assert (answer.status, answer.body) == (200, b"{}")
    assert seen[0].startswith(b"POST / HTTP/1.1\r\n")
    assert seen[0].endswith(b"\r\n\r\nnews")
