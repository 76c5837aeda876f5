"""The command that lets an execution go."""

from engine.commands import Start

START = Start("test")
