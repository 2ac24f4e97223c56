"""Messages as they would arrive."""

from uuid import UUID, uuid4

from notes import service as notes
from onestop_runtime.clock import now
from onestop_runtime.inbox import Message


def message(topic: str, key: UUID, sequence: int, text: str = "甲") -> Message:
    return Message(
        topic=topic,
        key=key,
        sequence=sequence,
        type=notes.NoteWritten.TYPE,
        id=str(uuid4()),
        at=now(),
        data={"note_id": str(key), "text": f"{text}", "written_at": now().isoformat()},
        headers={
            "ce_sequence": str(sequence),
            "ce_type": notes.NoteWritten.TYPE,
            "ce_id": "x",
            "ce_time": now().isoformat(),
        },
        payload=f'{{"note_id":"{key}","text":"{text}","written_at":"{now().isoformat()}"}}'.encode(),
    )
