"""What a subcommand of `tidegate` is."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """One subcommand: `configure` declares its arguments, `execute` runs it and gives the exit code.

    What a command needs beyond the command line is imported when it is executed, so that `--help` answers at once.
    """

    name: str
    summary: str
    configure: Callable[[ArgumentParser], None]
    execute: Callable[[Namespace], int]
    details: str = ""


def no_arguments(parser: ArgumentParser) -> None:
    """Declare nothing."""
