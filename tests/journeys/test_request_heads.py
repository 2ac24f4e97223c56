"""No process lets the head of a request grow without end."""

import asyncio
from urllib.parse import urlsplit

import pytest

from onestop_local.stack import Stack

PROCESSES = ("gateway", "catalog", "intake", "workflow", "datashare", "credit")


@pytest.mark.parametrize("process", PROCESSES)
async def test_a_head_that_goes_on_is_refused_while_it_arrives(stack: Stack, process: str):
    document = stack.document
    address = document["gateway"]["url"] if process == "gateway" else document["services"][process]["url"]
    reader, writer = await asyncio.open_connection(urlsplit(address).hostname, urlsplit(address).port)
    writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 70_000)
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b"/problems/headers-too-large" in answer
