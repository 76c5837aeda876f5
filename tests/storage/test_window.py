"""The window of recent rows: contiguous and bounded, by rows and by bytes."""

from datetime import UTC, datetime

from storage.events import EventRow
from storage.window import WINDOW_BYTES, WINDOW_ROWS, Window


def rows(start: int, count: int, size: int = 2) -> list[EventRow]:
    now = datetime.now(UTC)
    return [EventRow("EX1", index, "NODE_STARTED", now, "x" * size) for index in range(start, start + count)]


def test_an_empty_window_begins_and_ends_at_its_start() -> None:
    window = Window(5)
    assert (window.start, window.end, window.read(5, 10), window.read(9, 10)) == (5, 5, [], [])


def test_a_window_gives_the_rows_from_an_index_on() -> None:
    window = Window(-1)
    window.extend(rows(-1, 3))
    window.extend(rows(2, 3))
    assert (window.start, window.end) == (-1, 5)
    assert [row.index for row in window.read(1, 2)] == [1, 2]
    assert [row.index for row in window.read(4, 9)] == [4]
    assert window.read(5, 9) == window.read(7, 9) == []


def test_the_oldest_rows_make_room() -> None:
    window = Window(0)
    for start in range(0, 3 * WINDOW_ROWS, 100):
        window.extend(rows(start, 100))
    assert (window.start, window.end) == (2 * WINDOW_ROWS, 3 * WINDOW_ROWS)
    assert [row.index for row in window.read(window.start, 1)] == [2 * WINDOW_ROWS]


def test_large_rows_make_room_by_their_size() -> None:
    window = Window(0)
    window.extend(rows(0, 10, size=WINDOW_BYTES // 4))
    assert (window.start, window.end) == (6, 10)
    window.extend(rows(10, 3, size=2))
    assert window.start == 7


def test_the_newest_row_stays_however_large_it_is() -> None:
    window = Window(0)
    window.extend(rows(0, 2, size=2 * WINDOW_BYTES))
    assert (window.start, window.end) == (1, 2)
    window.extend(rows(2, 1))
    assert window.start == 2
