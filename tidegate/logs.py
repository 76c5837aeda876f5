"""Where a process's log goes."""

import logging

OURS = ("engine", "storage", "schema", "resolvers", "jobs", "tidegate")


def log_to_stderr(level: str) -> None:
    """Log what our packages say from `level` on, and warnings of all others."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    for name in OURS:
        logging.getLogger(name).setLevel(level.upper())
