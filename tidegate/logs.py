"""Where a process's log goes, and in which form."""

import logging

from tidegate.log_lines import JsonLines, TextLines

OURS = ("engine", "storage", "schema", "resolvers", "jobs", "tidegate")


def log_to_stderr(level: str, format: str = "text") -> None:
    """Log what our packages say from `level` on, and warnings of all others, as lines of text or of JSON."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if format == "json" else TextLines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    for name in OURS:
        logging.getLogger(name).setLevel(level.upper())
