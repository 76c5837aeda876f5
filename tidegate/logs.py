"""Where a process's log goes."""

import logging

from resolvers.request_ids import note_request

OURS = ("engine", "storage", "schema", "resolvers", "jobs", "tidegate")
FORMAT = "%(asctime)s %(levelname)s %(name)s [%(request_id)s]: %(message)s"


def log_to_stderr(level: str) -> None:
    """Log what our packages say from `level` on, and warnings of all others, each line with its request's id."""
    logging.basicConfig(format=FORMAT, level=logging.WARNING)
    for handler in logging.getLogger().handlers:
        handler.addFilter(note_request)
    for name in OURS:
        logging.getLogger(name).setLevel(level.upper())
