"""Labels: names with values that a client gives an execution to find it by."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from engine.errors import BadUserInput

MOST_LABELS = 32
NAME_LENGTH = 63
VALUE_LENGTH = 255

_NAME = re.compile(rf"[A-Za-z][A-Za-z0-9._/-]{{0,{NAME_LENGTH - 1}}}")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Label(NamedTuple):
    """A label of an execution."""

    name: str
    value: str


def check_labels(labels: Sequence[Label], field: str) -> None:
    """Refuse too many labels, and names and values that no execution can have; raises `BadUserInput`."""
    if len(labels) > MOST_LABELS:
        raise BadUserInput(f"There may be at most {MOST_LABELS} labels.", field=field)
    for number, label in enumerate(labels):
        if not _NAME.fullmatch(label.name):
            said = f"The name must be a letter and up to {NAME_LENGTH - 1} letters, digits or any of `._/-`."
            raise BadUserInput(said, field=f"{field}.{number}.name")
        check_text(label.value, VALUE_LENGTH, f"{field}.{number}.value")


def check_distinct(labels: Sequence[Label], field: str) -> None:
    """Refuse a name that comes twice; raises `BadUserInput`."""
    taken = set()
    for number, label in enumerate(labels):
        if label.name in taken:
            raise BadUserInput("There is a label of this name already.", field=f"{field}.{number}.name")
        taken.add(label.name)


def check_text(text: str, most: int, field: str) -> None:
    """Refuse a text that is too long, or that no text in the database can equal; raises `BadUserInput`."""
    if len(text) > most:
        raise BadUserInput(f"The text may have at most {most} characters.", field=field)
    if _UNSTORABLE.search(text):
        raise BadUserInput("The text has NUL characters or lone surrogates.", field=field)
