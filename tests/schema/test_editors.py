"""Editors complete, explain and check flow files by the published schema."""

from collections.abc import Iterator

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


@pytest.fixture(scope="module")
def server() -> Iterator[LanguageServer]:
    """A language server that has the flow open."""
    if not PROGRAM.exists():
        pytest.fail("The language server is not installed; `make test` installs it.", pytrace=False)
    with language_server() as server:
        text = FLOW.replace(MARK, "")
        document = {"uri": URI, "languageId": "yaml", "version": 1, "text": text}
        server.tell("textDocument/didOpen", textDocument=document)
        yield server


def test_what_is_wrong_is_marked(server: LanguageServer) -> None:
    found = server.told("textDocument/publishDiagnostics")["diagnostics"]

    marked = {LINES[each["range"]["start"]["line"]].strip(): each["message"] for each in found}
    assert marked["inptus: {name: total}"] == "Property inptus is not allowed."
    assert "maximum of 100" in marked["retry: {maxAttempts: 1000}"]
    assert "does not match the pattern" in marked["- {from: price.value, to: total}"]
    assert len(marked) == 3


def completions(server: LanguageServer, position: dict[str, int]) -> dict[str, str]:
    found = server.ask("textDocument/completion", textDocument={"uri": URI}, position=position)
    return {item["label"]: str(item.get("documentation")) for item in found["items"]}


def test_types_values_inputs_and_keys_are_completed_and_explained(server: LanguageServer) -> None:
    types = completions(server, TYPE)
    assert types["math.arithmetic"].endswith("a, b, operation → result")
    assert {"flow.input", "flow.output", "http.request"} < types.keys()

    assert {"add", "multiply"} < completions(server, OPERATION).keys()
    assert completions(server, INPUT).items() >= {"a": "The left operand.", "b": "The right operand."}.items()
    assert {"title", "timeoutMs", "parent"} < completions(server, NODE_KEY).keys()


def test_a_type_under_the_pointer_is_explained(server: LanguageServer) -> None:
    shown = server.ask("textDocument/hover", textDocument={"uri": URI}, position=TYPE)["contents"]["value"]

    assert "Gives the execution's input of this name to the flow." in shown
