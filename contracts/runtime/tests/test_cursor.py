"""Cursors are opaque, exact, and refuse what they did not make."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onestop_runtime.cursor import decode_cursor, encode_cursor, page_of
from onestop_runtime.problems import InvalidCursor

POSITIONS = st.tuples(
    st.uuids(), st.datetimes(timezones=st.just(UTC)), st.dates(), st.text(max_size=20), st.integers(-(2**62), 2**62)
)


@given(position=POSITIONS)
def test_what_goes_in_comes_out(position: tuple[UUID, datetime, date, str, int]):
    assert decode_cursor(encode_cursor(*position), UUID, datetime, date, str, int) == position


@pytest.mark.parametrize("text", ["x", "!!!!", "W10", "WyJ1Il0", "bnVsbA"])
def test_a_made_up_cursor_is_refused(text: str):
    with pytest.raises(InvalidCursor):
        decode_cursor(text, UUID)


def test_a_cursor_of_another_list_is_refused():
    with pytest.raises(InvalidCursor):
        decode_cursor(encode_cursor("a", 1), UUID)


def test_no_cursor_is_the_first_page():
    assert decode_cursor(None, UUID) is None


def test_a_page_knows_whether_more_follows():
    assert page_of([1, 2, 3], 2) == ([1, 2], True)
    assert page_of([1, 2], 2) == ([1, 2], False)
