"""The node types of the campaign: the built-in ones, scripted ones, those with witnessed effects, and bad ones."""

from engine.registry import Registry
from tests.engine.scripted import WORK
from tests.jobs.nodes import REGISTRY as WITNESSES

REGISTRY = Registry([*WITNESSES.values(), *WORK])
