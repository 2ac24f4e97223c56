"""A stack on this machine: its folder, its `stack.json`, and how others read it."""

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onestop_local import processes
from onestop_local.errors import LocalError
from onestop_local.processes import Identity
from onestop_local.workspace import state_directory

FORMAT = 1
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")


def chosen_name(name: str | None = None) -> str:
    """Return the name of the stack: as given, else `ONESTOP_STACK`, else `default`.

    Raises:
        LocalError: when it is no name for a folder and a database.
    """
    found = name or os.environ.get("ONESTOP_STACK") or "default"
    if not _NAME.fullmatch(found):
        raise LocalError(f"环境名称不可用：{found}", "ONESTOP_STACK 只能由小写字母、数字和连字符组成，最长 31 位。")
    return found


@dataclass(frozen=True, slots=True)
class Home:
    """The folder of a stack and what lies where in it."""

    name: str
    directory: Path

    @classmethod
    def of(cls, name: str | None = None) -> "Home":
        """Return the home of the stack `name` (see `chosen_name`)."""
        found = chosen_name(name)
        return cls(found, state_directory(found))

    @property
    def stack_file(self) -> Path:
        """What others rely on; exists while the stack is ready."""
        return self.directory / "stack.json"

    @property
    def supervisor_file(self) -> Path:
        """Which process supervises the stack."""
        return self.directory / "supervisor.pid.json"

    @property
    def secrets(self) -> Path:
        """Folder of passwords and keys."""
        return self.directory / "secrets"

    def pid_file(self, process: str) -> Path:
        """Return where a process is noted."""
        return self.directory / "run" / f"{process}.pid.json"

    def log_file(self, process: str) -> Path:
        """Return where a process writes its log."""
        return self.directory / "logs" / f"{process}.log"

    def supervisor(self) -> Identity | None:
        """Return the live supervisor, if there is one."""
        return processes.read_pid_file(self.supervisor_file)


@dataclass(frozen=True, slots=True)
class Stack:
    """A running stack, as `stack.json` describes it."""

    name: str
    document: dict[str, Any]

    @classmethod
    def read(cls, name: str | None = None) -> "Stack":
        """Return the running stack `name`.

        Raises:
            LocalError: when it does not run, or was written by another version.
        """
        home = Home.of(name)
        try:
            document = json.loads(home.stack_file.read_text())
        except FileNotFoundError as error:
            raise LocalError(f"环境 {home.name} 没有在运行。", "请先运行 make up。") from error
        if document.get("format") != FORMAT:
            raise LocalError(f"不认识 {home.stack_file} 的格式：{document.get('format')}。")
        return cls(home.name, document)

    @property
    def url(self) -> str:
        """Address of the gateway."""
        found: str = self.document["gateway"]["url"]
        return found

    @property
    def issuer(self) -> str:
        """Issuer of its tokens."""
        found: str = self.document["gateway"]["issuer"]
        return found

    def person(self, key: str) -> dict[str, Any]:
        """Return a demo person: `username`, `password`, `roles`, `agency`, `acts_for`."""
        found: dict[str, Any] = self.document["people"][key]
        return found

    def client(self, key: str) -> dict[str, Any]:
        """Return a demo client: `client_id`, `redirect_uris`, … and how it proves itself."""
        found: dict[str, Any] = self.document["clients"][key]
        return found

    def service(self, name: str) -> dict[str, Any]:
        """Return a service: `url`, `dsn`."""
        found: dict[str, Any] = self.document["services"][name]
        return found
