"""Makes the small `notes` service of these tests importable."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

sys.path.insert(0, str(Path(__file__).parent))
from notes import service as notes


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
