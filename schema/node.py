"""Relay's Node: everything that has a global id."""

from operator import attrgetter

import strawberry
from strawberry import ID

from schema.view import viewed


@strawberry.interface(description="Something that `node(id)` finds again by its global id.")
class Node:
    id: ID = viewed("The global id.", attrgetter("global_id"))
