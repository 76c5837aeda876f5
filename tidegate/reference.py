"""What the code decides of docs/: tables, nodes, the schema of flows, a drawing: `python -m tidegate.reference`."""

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path

from prometheus_client import REGISTRY

import jobs.metrics
import resolvers.metrics
import resolvers.service_figures
import storage.metrics
from engine.flow_schema import schema_text
from engine.nodes import BUILT_IN
from storage.keyring import KeyRing
from tidegate.drawing.svg import svg
from tidegate.flow_file import read_flow_file
from tidegate.node_catalogue import node_descriptions, node_index
from tidegate.settings import VARIABLES, Settings
from tidegate.tables import table

DOCS = Path(__file__).parents[1] / "docs"
OPERATIONS, NODES = DOCS / "operations.md", DOCS / "nodes.md"
FLOW_SCHEMA = DOCS / "flow.schema.json"
DRAWING = DOCS / "rollout.svg"
DRAWN = DOCS.parent / "examples" / "rollout.yaml"
MEASURING = (jobs.metrics, resolvers.metrics, resolvers.service_figures, storage.metrics)
"""Whoever is imported has its metrics in the registry."""

_TABLE = re.compile(r"(?<=<!-- table: )(\w+)( -->\n).*?(?=<!-- end -->)", re.DOTALL)


def filled(text: str) -> str:
    """A page with its tables as the code has them; KeyError for a table that there is not."""
    return _TABLE.sub(lambda found: f"{found[1]}{found[2]}{TABLES[found[1]]()}\n", text)


def settings_table() -> str:
    """Every variable, what it must be, its default and what it means."""
    defaults = {each.name: each.default for each in fields(Settings)}
    rows = (
        (f"`{each.name}`", each.expected, _shown(defaults[each.field]), each.meaning)
        for each in sorted(VARIABLES, key=lambda each: (each.name.startswith("TIDEGATE"), each.name))
    )
    return table(("setting", "must be", "default", "meaning"), rows)


def metrics_table() -> str:
    """Every metric of ours with its kind, its labels and its help text."""
    found = sorted((each for each in REGISTRY.collect() if each.name.startswith("tidegate_")), key=lambda m: m.name)
    rows = (
        (f"`{each.name}{'_total' if each.type == 'counter' else ''}`", each.type, each.documentation) for each in found
    )
    return table(("metric", "kind", "meaning"), rows)


def _shown(default: object) -> str:
    match default:
        case None | KeyRing():
            return ""
        case bool():
            return str(default).lower()
        case frozenset() | tuple():
            return ", ".join(sorted(map(str, default)))
        case float():
            return f"{default:g}"
        case _:
            return str(default)


TABLES: Mapping[str, Callable[[], str]] = {
    "settings": settings_table,
    "metrics": metrics_table,
    "node_index": node_index,
    "nodes": node_descriptions,
}

if __name__ == "__main__":
    for page in (OPERATIONS, NODES):
        page.write_text(filled(page.read_text(encoding="utf-8")), encoding="utf-8")
    FLOW_SCHEMA.write_text(schema_text(BUILT_IN), encoding="utf-8")
    DRAWING.write_text(svg(read_flow_file(str(DRAWN)).document), encoding="utf-8")
