"""tidegate schema: prints the GraphQL schema."""

from argparse import Namespace

from tidegate.command import Command, no_arguments


def _execute(arguments: Namespace) -> int:
    from resolvers.schema import sdl

    print(sdl(), end="")
    return 0


SCHEMA = Command(
    name="schema",
    summary="Print the GraphQL schema as SDL.",
    configure=no_arguments,
    execute=_execute,
)
