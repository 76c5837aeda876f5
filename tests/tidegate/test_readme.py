"""What the README shows is so."""

import re
import sys
from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

from tidegate.cli import main
from tidegate.node_sources import load_node_types

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "node-guide.md").read_text()
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


@pytest.mark.parametrize(
    "document", ["README.md", "examples/README.md", "CONTRIBUTING.md", "docs/flows.md", "docs/node-guide.md"]
)
def test_every_link_leads_somewhere(document):
    path = ROOT / document

    for target in re.findall(r"\]\((?!https?://)([^)#]+)\)", path.read_text()):
        assert (path.parent / target).exists(), target


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_in_the_readme_is_valid(operation):
    assert validate(build_schema((ROOT / "schema.graphql").read_text()), parse(operation)) == []


def test_the_nodes_in_the_guide_are_loaded_and_pass_their_tests(tmp_path, monkeypatch):
    module = "nodes_of_the_guide"
    (tmp_path / f"{module}.py").write_text("\n".join(re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)))
    monkeypatch.syspath_prepend(tmp_path)
    catalogue = load_node_types([module])
    assert catalogue.broken == []
    assert catalogue.registry.guests == {"shop.price", "shop.book", "shop.hash"}
    tests = [each for name, each in vars(sys.modules.pop(module)).items() if name.startswith("test_")]
    assert len(tests) == 3
    for test in tests:
        test()
