"""The logs of earlier releases still say what they said then."""

from pathlib import Path

import pytest

from engine.events import EVENT_TYPES
from tests.engine.golden_logs import FOLDER, Golden, remake, told

LOGS = sorted(FOLDER.glob("*/*.jsonl"))
NOT_FOLDED = {"EXECUTION_CREATED"}
"""It is written by the create."""


@pytest.mark.parametrize("path", LOGS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_log_of_a_release_folds_to_the_state_that_was_stored_with_it(path: Path) -> None:
    golden = Golden.read(path)
    assert told(golden.folded()) == golden.state


def test_the_logs_have_every_kind_of_event_that_is_written() -> None:
    kinds = {line["type"] for path in LOGS for line in Golden.read(path).events}
    assert kinds == set(EVENT_TYPES) - NOT_FOLDED


def test_logs_that_are_made_anew_are_as_good(tmp_path: Path) -> None:
    remake(tmp_path)
    made = sorted(tmp_path.glob("*.jsonl"))
    assert [path.name for path in made] == sorted({path.name for path in LOGS})
    for path in made:
        golden = Golden.read(path)
        assert told(golden.folded()) == golden.state
