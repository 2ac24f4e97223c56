"""Which ports a stack listens on."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from onestop_local.errors import LocalError
from onestop_local.ports import choose_ports, free_ports, is_free

PROCESSES = ("gateway", "catalog", "intake")


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_free_ports_are_all_different():
    assert len(set(free_ports(50))) == 50


def test_a_taken_port_is_not_free(taken: int):
    assert not is_free(taken)


def test_services_keep_their_ports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ONESTOP_PORT", str(free_ports(1)[0]))
    before = choose_ports(tmp_path / "ports.json", PROCESSES)
    monkeypatch.setenv("ONESTOP_PORT", str(free_ports(1)[0]))
    after = choose_ports(tmp_path / "ports.json", PROCESSES)
    assert (before["catalog"], before["intake"]) == (after["catalog"], after["intake"])


def test_a_port_that_was_asked_for_and_is_taken_is_said(tmp_path: Path, taken: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ONESTOP_PORT", str(taken))
    with pytest.raises(LocalError, match=f"端口 {taken} 已被占用") as caught:
        choose_ports(tmp_path / "ports.json", PROCESSES)
    assert "ONESTOP_PORT" in caught.value.advice


@pytest.mark.parametrize("asked", ["0", "65536", "-1", "http", "8080 "])
def test_what_is_no_port_is_said(tmp_path: Path, asked: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ONESTOP_PORT", asked)
    with pytest.raises(LocalError, match="不是端口号"):
        choose_ports(tmp_path / "ports.json", PROCESSES)


def test_without_a_wish_the_gateway_takes_8080_or_the_next_free_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("ONESTOP_PORT", raising=False)
    one = choose_ports(tmp_path / "one.json", PROCESSES)["gateway"]
    other = choose_ports(tmp_path / "other.json", PROCESSES)["gateway"]
    assert 8080 <= one < other  # two stacks that start at the same moment do not meet
