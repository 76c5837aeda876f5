"""What to say about a name that is almost right."""

import difflib
from collections.abc import Collection

SHOWN = 100
"""Characters of a wrong name that a message repeats."""

COMPARED = 1_000
"""Known names beyond which comparing takes too long."""


def did_you_mean(name: str, known: Collection[str]) -> str:
    """A question that names the nearest of `known`, after a space; empty if none is near, or there are too many."""
    near = difflib.get_close_matches(name[:SHOWN], known, 1) if len(known) <= COMPARED else ()
    return f" Did you mean {near[0]!r}?" if near else ""
