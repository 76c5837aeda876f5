"""tidegate serve: the API."""

from argparse import ArgumentParser, Namespace

from tidegate.command import Command
from tidegate.commands.arguments import add_log_level, add_port


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    add_port(parser)
    add_log_level(parser)


def _execute(arguments: Namespace) -> int:
    from tidegate.arming import arm_if_asked
    from tidegate.listening import listen
    from tidegate.logs import log_to_stderr
    from tidegate.loop import run
    from tidegate.settings import Settings
    from tidegate.traces import traced

    settings = Settings.read()
    log_to_stderr(arguments.log_level or settings.log_level, settings.log_format)
    arm_if_asked()
    with listen(arguments.host, arguments.port, anywhere=settings.has_authentication) as listener:
        from tidegate.serve import serve

        with traced(settings, "tidegate-api"):
            run(serve(settings, listener))
    return 0


SERVE = Command(
    name="serve",
    summary="Serve the GraphQL API: one process of any number.",
    details="Needs DATABASE_URL (migrated) and REDIS_URL. No node runs here: start `tidegate worker` too.\n"
    "Callers show tokens that TIDEGATE_JWT_SECRET or the keys at TIDEGATE_JWKS_URL verify; with neither there is no\n"
    "authentication, and only loopback addresses are served. SIGINT or SIGTERM ends it.",
    configure=_configure,
    execute=_execute,
)
