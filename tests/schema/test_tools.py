"""The schema is fit for the tools of front ends: linters, Relay, code generators, TypeScript.

Every tool is also given a schema or operations that are wrong in ways that it must find. All runs share one process of
Node.js.
"""

import json
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.clients.travels import CLIENTS
from tests.tidegate.processes import ROOT
from tidegate.manifest import read_manifest

HERE = Path(__file__).parent
DEADLINE = 180.0

Texts = dict[str, str]

UNREACHABLE = '\n"""Nothing leads here."""\ntype Unreachable {\n  """A number."""\n  number: Int\n}\n'

WRONG: Mapping[str, list[tuple[str, str, str, str]]] = {
    "schema": [
        ("schema.graphql", '"""What can be read."""\n', "", "require-description"),
        ("schema.graphql", "lastEventIndex: Int!", "last_event_index: Int!", "naming-convention"),
        ("schema.graphql", "\nscalar JSON\n", f"\nscalar JSON\n{UNREACHABLE}", "no-unreachable-types"),
        ("schema.graphql", "failureCount: Int!", "failureCount: Int! @deprecated", "require-deprecation-reason"),
        ("schema.graphql", "    after: String\n", "    behind: String\n", "relay-arguments"),
        ("schema.graphql", "edges: [FlowEdge!]!", "edges: FlowEdge!", "relay-connection-types"),
        ("schema.graphql", "type ExecutionTreeNode implements Node {", "type ExecutionTreeNode {", "relay-edge-types"),
        ("schema.graphql", "hasNextPage: Boolean!", "hasNextPage: Boolean", "relay-page-info"),
    ],
    "operations": [
        ("documents/nodeStatus.graphql", "query NodeStatus(", "query (", "no-anonymous-operations"),
        ("documents/executionLog.graphql", "    id\n", "", "require-selections"),
        ("documents/sendSignal.graphql", ", payload: $payload", "", "no-unused-variables"),
    ],
    "validate": [
        ("schema.graphql", "  nodeState(", "  stateOfNode(", "Cannot query field"),
        ("schema.graphql", "nextIndex: Int!", 'nextIndex: Int! @deprecated(reason: "Old.")', "deprecated"),
    ],
    "types": [
        ("schema.graphql", "  index: Int!", "  index: Int", "is not assignable to type 'number[]'"),
        ("schema.graphql", "  nextIndex: Int!", "  nextIndex: String!", "must be of type 'any', 'number'"),
    ],
    "relay": [("schema.graphql", "  pageInfo: PageInfo!", "  page: PageInfo!", "pageInfo")],
}
"""By tool: in which file what is replaced by what, and what of the tool's complaint shows that it has seen it."""


def _lay_out(folder: Path) -> None:
    shutil.copytree(CLIENTS / "documents", folder / "documents")
    shutil.copytree(HERE / "relay", folder / "relay")
    for source in (ROOT / "schema.graphql", HERE / "usage.ts"):
        shutil.copy(source, folder)


def _spoil(folder: Path, tool: str) -> None:
    for file, old, new, _ in WRONG[tool]:
        text = (folder / file).read_text()
        assert old in text, f"{file} has no {old!r}"
        (folder / file).write_text(text.replace(old, new))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where each tool finds the schema as it is, and one that is wrong."""
    if not (HERE / "node_modules").exists():
        pytest.fail("The tools are not installed; `make test` installs them.", pytrace=False)
    folder = tmp_path_factory.mktemp("schema")
    (folder / "node_modules").symlink_to(HERE / "node_modules")
    _lay_out(folder / "sound")
    for tool in WRONG:
        _lay_out(folder / tool)
        _spoil(folder / tool, tool)
    return folder


@pytest.fixture(scope="module")
def problems(folder: Path) -> Callable[[str, str], list[str]]:
    """What a tool has found in a folder."""
    runs = [(tool, name) for tool in WRONG for name in ("sound", tool)]
    cases = [{"name": f"{tool} {name}", "tool": tool, "folder": str(folder / name)} for tool, name in runs]
    (folder / "cases.json").write_text(json.dumps(cases))
    done = subprocess.run(
        [ROOT / "scripts" / "node", HERE / "check.mjs", folder / "cases.json"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, list[str]] = json.loads(done.stdout)
    return lambda tool, name: found[f"{tool} {name}"]


@pytest.mark.parametrize("tool", WRONG)
def test_a_tool_has_nothing_against_the_schema(problems: Callable[[str, str], list[str]], tool: str) -> None:
    assert problems(tool, "sound") == []


@pytest.mark.parametrize(
    ("tool", "complaint"), [(tool, change[3]) for tool, changes in WRONG.items() for change in changes]
)
def test_a_tool_finds_what_is_wrong(problems: Callable[[str, str], list[str]], tool: str, complaint: str) -> None:
    assert complaint in "\n".join(problems(tool, tool))


def test_the_documents_that_the_code_generator_hashes_are_a_manifest_for_the_server(
    folder: Path, problems: Callable[[str, str], list[str]]
) -> None:
    documents = read_manifest(str(folder / "sound" / "generated" / "persisted-documents.json"))
    assert len(documents) == len(list((CLIENTS / "documents").iterdir()))


def test_the_lock_file_names_no_registry() -> None:
    assert "resolved" not in (HERE / "package-lock.json").read_text()
