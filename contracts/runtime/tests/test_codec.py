"""JSON of what the database and the domain hand out."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from asyncpg.pgproto import pgproto

from onestop_runtime.codec import dumps, loads

ID = "018f3b1c-7e4a-7c21-9a55-000000000021"


@dataclass(frozen=True, slots=True)
class Note:
    id: UUID
    on: date


def test_an_id_is_a_string_whoever_made_it():
    assert loads(dumps([UUID(ID), pgproto.UUID(ID)])) == [ID, ID]


def test_a_dataclass_is_an_object():
    assert loads(dumps(Note(pgproto.UUID(ID), date(2026, 3, 9)))) == {"id": ID, "on": "2026-03-09"}


def test_an_instant_names_its_zone():
    assert loads(dumps(datetime(2026, 3, 9, 2, tzinfo=UTC))) == "2026-03-09T02:00:00+00:00"


def test_what_is_no_json_is_refused():
    with pytest.raises(TypeError):
        dumps(object())
