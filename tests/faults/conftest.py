"""Makes `breaking` importable, and the notes service, on which small faults are tried."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

for _folder in (Path(__file__).parent, Path(__file__).parents[2] / "contracts" / "runtime" / "tests"):
    if str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))
from notes import service as notes  # noqa: E402 - its folder is known from here on


@pytest.fixture
async def topic(kafka: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    name = f"onestop.test.note-{uuid4().hex[:8]}"
    monkeypatch.setattr(notes.NoteWritten, "TOPIC", name)
    monkeypatch.setattr(notes, "NOTE_TOPIC", name)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.create_topics([NewTopic(name, 4, 1)])
    yield name
    await admin.close()
