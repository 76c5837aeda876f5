"""Watching what the workers of this process do."""

import struct
from collections.abc import Sequence

import pytest

import jobs.journal
from storage.append import Member, Outcome
from storage.pool import Connection


def outcomes_of_appends(monkeypatch: pytest.MonkeyPatch) -> list[Outcome]:
    """Collect what becomes of every append from now on."""
    outcomes: list[Outcome] = []
    append = jobs.journal.append

    async def observed(connection: Connection, members: Sequence[Member]) -> dict[str, Outcome]:
        given = await append(connection, members)
        outcomes.extend(given.values())
        return given

    monkeypatch.setattr(jobs.journal, "append", observed)
    return outcomes


def claim_request(worker_id: str) -> bytes:
    """The parameters of a worker's claim as they are sent: its id and a limit of 64."""
    return worker_id.encode() + struct.pack(">ii", 4, 64)
