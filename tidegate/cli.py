"""The command line: `tidegate COMMAND`."""

import gc
import os
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Sequence

from engine.errors import TidegateError
from tidegate.command import Command
from tidegate.commands import COMMANDS

FAILED = 1
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and give its exit code; what can be expected to fail is one line on stderr."""
    asked = _parser().parse_args(arguments)
    command: Command = asked.command
    # A command begins with its imports, which make much and drop little: the collector is of use when they are done.
    gc.disable()
    try:
        code = command.execute(asked)
        sys.stdout.flush()
        return code
    except TidegateError as error:
        return _complain(error)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has left; Python would complain about it once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    finally:
        gc.enable()


def _complain(error: TidegateError) -> int:
    print(f"tidegate: {' '.join(error.message.split())}", file=sys.stderr)
    return FAILED


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="tidegate",
        description="Runs flows durably, and lets any GraphQL client start, stop and watch them.",
        epilog="`tidegate dev` starts all that is needed on this machine; `tidegate COMMAND --help` tells more.",
    )
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        own = subparsers.add_parser(
            command.name,
            help=command.summary,
            description=f"{command.summary}\n\n{command.details}".strip(),
            formatter_class=RawDescriptionHelpFormatter,
        )
        command.configure(own)
        own.set_defaults(command=command)
    return parser
