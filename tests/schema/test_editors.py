"""Editors complete, explain and check flow files by the published schema."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from tests.schema.language_server import PROGRAM, LanguageServer, language_server
from tidegate.reference import FLOW_SCHEMA

# A mark is where the cursor is.
FLOW = f"""\
# yaml-language-server: $schema={FLOW_SCHEMA.as_uri()}
tidegate: 1
name: Order total
nodes:
  - id: price
    type: flow.in‸put
    inputs: {{name: price, schema: {{type: number}}}}
  - id: total
    type: math.arithmetic
    inputs:
      operation: ‸multiply
      ‸
  - id: out
    type: flow.output
    inptus: {{name: total}}
    retry: {{maxAttempts: 1000}}
    ‸
edges:
  - {{from: price.value, to: total}}
"""
MARK = "‸"
URI = "file:///flow.yaml"
LINES = FLOW.splitlines()
TYPE, OPERATION, INPUT, NODE_KEY = (
    {"line": line, "character": text.index(MARK)} for line, text in enumerate(LINES) if MARK in text
)


class Editor(NamedTuple):
    """A language server that has the flow open, and what it had against it."""

    server: LanguageServer
    found: list[Any]

    def asked(self, method: str, position: dict[str, int]) -> Any:
        """What it answers to a question about a place in the flow."""
        return self.server.ask(f"textDocument/{method}", textDocument={"uri": URI}, position=position)

    def completions(self, position: dict[str, int]) -> dict[str, str]:
        """What it suggests, with what it says of each."""
        items = self.asked("completion", position)["items"]
        return {item["label"]: str(item.get("documentation")) for item in items}


@pytest.fixture(scope="module")
def editor() -> Iterator[Editor]:
    """An editor, as far as a language server is one."""
    if not PROGRAM.exists():
        pytest.fail("The language server is not installed; `make test` installs it.", pytrace=False)
    with language_server() as server:
        text = FLOW.replace(MARK, "")
        document = {"uri": URI, "languageId": "yaml", "version": 1, "text": text}
        server.tell("textDocument/didOpen", textDocument=document)
        yield Editor(server, server.told("textDocument/publishDiagnostics")["diagnostics"])


def test_what_is_wrong_is_marked(editor: Editor) -> None:
    marked = {LINES[each["range"]["start"]["line"]].strip(): each["message"] for each in editor.found}
    assert marked["inptus: {name: total}"] == "Property inptus is not allowed."
    assert "maximum of 100" in marked["retry: {maxAttempts: 1000}"]
    assert "does not match the pattern" in marked["- {from: price.value, to: total}"]
    assert len(marked) == 3


def test_types_values_inputs_and_keys_are_completed_and_explained(editor: Editor) -> None:
    types = editor.completions(TYPE)
    assert types["math.arithmetic"].endswith("a, b, operation → result")
    assert {"flow.input", "flow.output", "http.request"} < types.keys()

    assert {"add", "multiply"} < editor.completions(OPERATION).keys()
    assert editor.completions(INPUT).items() >= {"a": "The left operand.", "b": "The right operand."}.items()
    assert {"title", "timeoutMs", "parent"} < editor.completions(NODE_KEY).keys()


def test_a_type_under_the_pointer_is_explained(editor: Editor) -> None:
    shown = editor.asked("hover", TYPE)["contents"]["value"]

    assert "Gives the execution's input of this name to the flow." in shown
