"""What an operation will ask of the objects that a resolver is about to read."""

from collections.abc import Iterator
from typing import Any

import strawberry
from graphql import FieldNode, FragmentSpreadNode, GraphQLResolveInfo, SelectionSetNode


def names_below(info: strawberry.Info[Any, Any]) -> frozenset[str]:
    """The names of all fields that are selected below this one, at whatever depth and whether included or not."""
    raw = info._raw_info
    visited: set[str] = set()
    return frozenset(name for node in raw.field_nodes for name in _names(node.selection_set, raw, visited))


def _names(selected: SelectionSetNode | None, raw: GraphQLResolveInfo[Any], visited: set[str]) -> Iterator[str]:
    for node in selected.selections if selected else ():
        if isinstance(node, FragmentSpreadNode):
            name = node.name.value
            if name not in visited:
                visited.add(name)
                yield from _names(raw.fragments[name].selection_set, raw, visited)
            continue
        if isinstance(node, FieldNode):
            yield node.name.value
        yield from _names(getattr(node, "selection_set", None), raw, visited)
