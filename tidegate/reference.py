"""The tables of docs/operations.md that the code decides: `python -m tidegate.reference` writes them anew."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from pathlib import Path

from prometheus_client import REGISTRY

import jobs.metrics
import resolvers.metrics
import resolvers.service_figures
import storage.metrics
from tidegate.settings import VARIABLES, Settings

PAGE = Path(__file__).parents[1] / "docs" / "operations.md"
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
    return _table(("setting", "must be", "default", "meaning"), rows)


def metrics_table() -> str:
    """Every metric of ours with its kind, its labels and its help text."""
    found = sorted((each for each in REGISTRY.collect() if each.name.startswith("tidegate_")), key=lambda m: m.name)
    rows = (
        (f"`{each.name}{'_total' if each.type == 'counter' else ''}`", each.type, each.documentation) for each in found
    )
    return _table(("metric", "kind", "meaning"), rows)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', ' or ') for cell in line)} |" for line in lines)


def _shown(default: object) -> str:
    match default:
        case None:
            return ""
        case bool():
            return str(default).lower()
        case frozenset():
            return ", ".join(sorted(map(str, default)))
        case float():
            return f"{default:g}"
        case _:
            return str(default)


TABLES: Mapping[str, Callable[[], str]] = {"settings": settings_table, "metrics": metrics_table}

if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
