"""The subcommands of `tidegate`, one a file, in the order in which `--help` lists them."""

from tidegate.command import Command
from tidegate.commands.dev import DEV
from tidegate.commands.events import EVENTS
from tidegate.commands.flow_schema import FLOW_SCHEMA
from tidegate.commands.graph import GRAPH
from tidegate.commands.import_flow import IMPORT
from tidegate.commands.migrate import MIGRATE
from tidegate.commands.nodes import NODES
from tidegate.commands.publish import PUBLISH
from tidegate.commands.run import RUN
from tidegate.commands.schema import SCHEMA
from tidegate.commands.secrets import SECRETS
from tidegate.commands.serve import SERVE
from tidegate.commands.token import TOKEN
from tidegate.commands.validate import VALIDATE
from tidegate.commands.worker import WORKER

COMMANDS: tuple[Command, ...] = (
    DEV,
    RUN,
    PUBLISH,
    VALIDATE,
    GRAPH,
    IMPORT,
    EVENTS,
    NODES,
    SERVE,
    WORKER,
    MIGRATE,
    SECRETS,
    TOKEN,
    SCHEMA,
    FLOW_SCHEMA,
)
