"""The most recent rows of a log, in memory."""

from collections.abc import Sequence
from typing import Generic

from storage.events import RowT

WINDOW_ROWS = 1_000
WINDOW_BYTES = 1024 * 1024


class Window(Generic[RowT]):
    """The contiguous rows `start` to `end` - 1 of a log; the oldest make room for new ones.

    It keeps up to `WINDOW_ROWS` rows and `WINDOW_BYTES` characters of data, but always the newest row.
    """

    def __init__(self, start: int) -> None:
        self.end = start
        self._rows: list[RowT] = []
        self._size = 0

    @property
    def start(self) -> int:
        """The index of the oldest row."""
        return self.end - len(self._rows)

    def extend(self, rows: Sequence[RowT]) -> None:
        """Add the rows that follow."""
        self._rows.extend(rows)
        self._size += sum(len(row.data) for row in rows)
        self.end += len(rows)
        self._make_room()

    def read(self, from_index: int, limit: int) -> list[RowT]:
        """Up to `limit` rows from an index on, which must not be before `start`."""
        offset = from_index - self.start
        return self._rows[offset : offset + limit]

    def _make_room(self) -> None:
        excess = max(0, len(self._rows) - WINDOW_ROWS)
        size = self._size - sum(len(row.data) for row in self._rows[:excess])
        while size > WINDOW_BYTES and excess < len(self._rows) - 1:
            size -= len(self._rows[excess].data)
            excess += 1
        del self._rows[:excess]
        self._size = size
