"""The pages for operators and for writers of flows say what the code does."""

import re

from engine.nodes import BUILT_IN
from tidegate.reference import NODES, OPERATIONS, filled, metrics_table
from tidegate.settings import VARIABLES


def test_its_tables_are_those_of_the_code() -> None:
    """Run `python -m tidegate.reference` to write them anew."""
    text = OPERATIONS.read_text(encoding="utf-8")
    assert text.count("| `tidegate_") > 30
    assert text == filled(text)


def test_the_nodes_are_those_of_the_code() -> None:
    """Run `python -m tidegate.reference` to write them anew."""
    text = NODES.read_text(encoding="utf-8")
    assert text.count("\n### `") == len(BUILT_IN)
    assert text == filled(text)


def test_every_setting_says_what_it_means() -> None:
    assert [each.name for each in VARIABLES if not each.meaning] == []


def test_every_metric_that_it_speaks_of_is_there() -> None:
    text = OPERATIONS.read_text(encoding="utf-8")
    known = set(re.findall(r"`(tidegate_\w+)`", metrics_table()))
    spoken = {re.sub(r"_bucket$", "", name) for name in re.findall(r"\btidegate_\w+", text)}
    assert spoken <= known


def test_metrics_are_named_by_the_conventions_of_prometheus() -> None:
    for name, kind in re.findall(r"^\| `(\w+)` \| (\w+) \|", metrics_table(), re.MULTILINE):
        assert name.endswith("_total") == (kind == "counter")
        assert not re.search(r"_(ms|millis\w*|minutes|kb|percent)\b", name)
