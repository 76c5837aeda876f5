"""What GraphiQL begins with is fit for the schema that it is shown for."""

import pytest
from graphql import build_schema, parse, validate

from tests.tidegate.processes import ROOT
from tidegate.cli import main

TABS = ROOT / "web" / "graphiql" / "tabs"
OPERATIONS = sorted(TABS.glob("*.graphql"))


@pytest.mark.parametrize("path", OPERATIONS, ids=lambda path: path.stem)
def test_the_operation_of_a_tab_is_valid(path):
    assert validate(build_schema((ROOT / "schema.graphql").read_text()), parse(path.read_text())) == []


def test_the_flow_of_the_tabs_is_valid(capsys):
    assert main(["validate", str(TABS / "create-flow.json")]) == 0, capsys.readouterr().out


def test_the_lock_file_names_no_registry():
    assert "resolved" not in (ROOT / "web" / "package-lock.json").read_text()
