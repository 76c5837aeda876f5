"""Arguments that several subcommands take."""

import os
from argparse import ArgumentParser, ArgumentTypeError

LOG_LEVELS = ("debug", "info", "warning", "error")
TOKEN_VARIABLE = "TIDEGATE_TOKEN"
DEFAULT_URL = "http://127.0.0.1:8000/graphql"


def add_url(parser: ArgumentParser) -> None:
    """Declare `--url`."""
    parser.add_argument(
        "--url", default=DEFAULT_URL, help="the server's GraphQL address (default: %(default)s)", metavar="URL"
    )


def add_token(parser: ArgumentParser) -> None:
    """Declare `--token`."""
    parser.add_argument(
        "--token",
        default=os.environ.get(TOKEN_VARIABLE),
        help=f"what to show the server (default: {TOKEN_VARIABLE}, which others on this machine do not see)",
        metavar="TOKEN",
    )


def add_port(parser: ArgumentParser) -> None:
    """Declare `--port`."""
    parser.add_argument(
        "--port",
        type=_port,
        default=8000,
        help="the TCP port of the API; 0 takes any free one (default: %(default)s)",
    )


def add_log_level(parser: ArgumentParser) -> None:
    """Declare `--log-level`."""
    parser.add_argument(
        "--log-level", choices=LOG_LEVELS, help="what is logged to stderr (default: TIDEGATE_LOG_LEVEL, else info)"
    )


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= 65_535):
        raise ArgumentTypeError(f"{text!r} is no port; it must be a number from 0 to 65535")
    return int(text)
