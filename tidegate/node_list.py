"""What `tidegate nodes list` prints."""

from collections.abc import Iterator
from itertools import groupby

import orjson

from engine.node import AnyNode
from tidegate.node_sources import Catalogue

BUILT_IN = "Tidegate"


def as_json(catalogue: Catalogue) -> str:
    """One object: the types by name, and what is broken."""
    types = [
        {
            "type": name,
            "category": node_type.category,
            "description": node_type.description,
            "runsIn": node_type.runs_in,
            "from": catalogue.origins.get(name, BUILT_IN),
        }
        for name, node_type in catalogue.registry.items()
    ]
    broken = [{"from": each.source, "what": each.what, "reason": each.reason} for each in catalogue.broken]
    return orjson.dumps({"types": types, "broken": broken}, option=orjson.OPT_INDENT_2).decode()


def as_text(catalogue: Catalogue) -> str:
    """The types by category, those of others with where they are from, and last what is broken."""
    return "\n".join(_lines(catalogue))


def _lines(catalogue: Catalogue) -> Iterator[str]:
    node_types = catalogue.registry.values()
    by_category = sorted(node_types, key=lambda each: (each.category, each.type))
    width = max(len(each.type) for each in by_category)
    for category, types in groupby(by_category, key=lambda each: each.category):
        yield category
        yield from (_line(node_type, width, catalogue) for node_type in types)
    for broken in catalogue.broken:
        yield f"✗ {broken}"


def _line(node_type: type[AnyNode], width: int, catalogue: Catalogue) -> str:
    origin = catalogue.origins.get(node_type.type)
    return f"  {node_type.type:{width}}  {node_type.description}{f' [{origin}]' if origin else ''}"
