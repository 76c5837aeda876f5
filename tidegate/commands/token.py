"""tidegate token: makes a token for trying things out."""

from argparse import ArgumentParser, Namespace

from tidegate.command import Command


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--sub", default="developer", metavar="NAME", help="the user that it is for (default: %(default)s)"
    )
    parser.add_argument(
        "--role", action="append", default=[], dest="roles", metavar="ROLE", help="a role of the user, such as admin"
    )
    parser.add_argument(
        "--expires", default="1h", metavar="TIME", help="how long it is good, such as 15m or 7d (default: %(default)s)"
    )


def _execute(arguments: Namespace) -> int:
    from tidegate.own_token import own_token, read_duration
    from tidegate.settings import Settings

    print(own_token(Settings.read(), arguments.sub, arguments.roles, read_duration(arguments.expires)))
    return 0


TOKEN = Command(
    name="token",
    summary="Make a token for the API, for trying things out.",
    details="Needs the TIDEGATE_JWT_SECRET that the API has. Other commands take the token from TIDEGATE_TOKEN.",
    configure=_configure,
    execute=_execute,
)
