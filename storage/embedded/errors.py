"""What can go wrong with an embedded server, each told in one line.

EmbeddedServerError         it cannot be set up or started
└── DataDirectoryInUse      another process runs on the same data
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import TidegateError


class EmbeddedServerError(TidegateError):
    """An embedded server could not be started."""


class DataDirectoryInUse(EmbeddedServerError):
    """Another process uses the data folder."""


@contextmanager
def folder_errors(folder: Path) -> Iterator[None]:
    """Turn what the operating system says about `folder` into one line for the user."""
    try:
        yield
    except OSError as error:
        where = error.filename or folder
        raise EmbeddedServerError(
            f"Cannot use {where}: {error.strerror or error}. "
            "Make it writable and see that the disk has room, or choose another --data-dir."
        ) from error
