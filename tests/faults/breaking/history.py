"""The history: what clients wanted, and what they were told. It is checked against what the services have."""

import json
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal
from uuid import uuid4

Outcome = Literal["acknowledged", "refused", "unknown"]
"""`unknown`: the client gave up before anybody told it; the command may have been carried out once, or not."""


@dataclass(slots=True)
class Command:
    """One thing that somebody wanted done, however often it had to be sent.

    Attributes:
        service: whose command it is.
        verb: what the audit trail calls it when it is done.
        about: the case it is about.
        id: its Idempotency-Key, and its X-Request-Id at every attempt: by it the audit trail names it.
        began: when it was first sent, on the client's monotonic clock, seconds.
        ended: when its outcome was known, likewise.
        attempts: how often it was sent.
        status: of the last answer; 0 when there was none.
    """

    service: str
    verb: str
    about: str
    id: str = field(default_factory=lambda: str(uuid4()))
    began: float = field(default_factory=time.monotonic)
    ended: float = 0.0
    attempts: int = 0
    status: int = 0
    outcome: Outcome = "unknown"


class History:
    """All commands of a run; each is written to `file` when it has ended."""

    def __init__(self, file: Path | None = None) -> None:
        self.commands: list[Command] = []
        self.reads = 0
        self._file = file

    def begin(self, service: str, verb: str, about: str) -> Command:
        """Note that somebody is about to send a command."""
        command = Command(service, verb, about)
        self.commands.append(command)
        return command

    def end(self, command: Command, outcome: Outcome) -> None:
        """Note what the client knows at the end."""
        command.ended, command.outcome = time.monotonic(), outcome
        if self._file:
            with self._file.open("a") as file:
                file.write(json.dumps(asdict(command)) + "\n")

    def of(self, outcome: Outcome, verb: str | None = None) -> list[Command]:
        """Return the commands that ended so."""
        return [one for one in self.commands if one.outcome == outcome and verb in (None, one.verb)]

    def count(self) -> Counter[str]:
        """Return how many commands ended how."""
        return Counter(one.outcome for one in self.commands)
