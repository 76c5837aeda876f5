"""Searching text for what a person typed."""

import re

_WILDCARDS = re.compile(r"([\\%_])")


def containing(text: str | None) -> str | None:
    r"""Make the ILIKE pattern (escape character `\`) of what contains `text`, taken literally; None stays None."""
    return None if text is None else "%" + _WILDCARDS.sub(r"\\\1", text) + "%"
