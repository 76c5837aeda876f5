"""What the README shows is so."""

import re
from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

from tidegate.cli import main

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
OPERATIONS = [
    operation
    for block in re.findall(r"```graphql\n(.*?)```", README, re.DOTALL)
    for operation in block.strip().split("\n\n")
]


def test_the_flow_in_the_readme_is_valid(tmp_path, capsys):
    (flow,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    path = tmp_path / "flow.yaml"
    path.write_text(flow)

    assert main(["validate", str(path)]) == 0, capsys.readouterr().out


@pytest.mark.parametrize("document", ["README.md", "examples/README.md", "CONTRIBUTING.md", "docs/flows.md"])
def test_every_link_leads_somewhere(document):
    path = ROOT / document

    for target in re.findall(r"\]\((?!https?://)([^)#]+)\)", path.read_text()):
        assert (path.parent / target).exists(), target


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_in_the_readme_is_valid(operation):
    assert validate(build_schema((ROOT / "schema.graphql").read_text()), parse(operation)) == []
