"""Text files that the user names."""

from pathlib import Path

from engine.errors import TidegateError


class UnreadableFile(TidegateError):
    """A file cannot be read."""


class UnwritableFile(TidegateError):
    """A file cannot be written."""


def read_text(path: str) -> str:
    """The text of a file in UTF-8; raises `UnreadableFile`."""
    try:
        return decoded(Path(path).read_bytes(), path)
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror or error}.") from None


def decoded(content: bytes, path: str) -> str:
    """The text that was read from a path; raises `UnreadableFile` if it is not in UTF-8."""
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"{path} is not text in UTF-8 (see byte {error.start}).") from None


def write_text(path: Path | None, text: str) -> None:
    """Write a file, or standard output if there is no path; raises `UnwritableFile`."""
    if path is None:
        print(text, end="")
        return
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UnwritableFile(f"{path} cannot be written: {error.strerror or error}.") from None
