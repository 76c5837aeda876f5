"""What to say about a name that is almost right."""

import difflib
from collections.abc import Iterable

SHOWN = 100
"""Characters of a wrong name that a message repeats."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A question to add to a message, with a space before it; empty if no known name is near."""
    near = difflib.get_close_matches(name[:SHOWN], known, 1)
    return f" Did you mean {near[0]!r}?" if near else ""
