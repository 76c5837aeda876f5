"""Node types of others: where they come from, and what is said of those that are not what they must be."""

import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from engine.nodes import BUILT_IN
from tests.tidegate.processes import OWN_NODES, Dev, tidegate
from tidegate.cli import main
from tidegate.node_sources import GROUP, load_node_types

GOOD = '''
from tidegate import Context, Input, Node, Output


class Say(Node[Input, Output]):
    """Says it."""

    type = "{name}"

    async def run(self, inputs: Input, context: Context) -> Output:
        return Output()
'''

FLOW = """
tidegate: 1
name: Say
nodes:
  - {id: say, type: shop.say}
"""

BROKEN_MODULES = {
    "import shop_library\nclass A(Node):\n    type = 'shop.say'": "No module named 'shop_library' (bad_shop.py:1)",
    "def run(:": "SyntaxError: invalid syntax (bad_shop.py, line 1)",
    "raise SystemExit(3)": "SystemExit: 3 (bad_shop.py:1)",
    "raise KeyboardInterrupt": "KeyboardInterrupt (bad_shop.py:1)",
    "\nraise ValueError": "ValueError (bad_shop.py:2)",
    "x = 1": "It has no node types.",
    GOOD.format(name="shop.say").replace('"""Says it."""', ""): "it is what people read about it. (bad_shop.py:5)",
    GOOD.format(name="shop.say").replace('"shop.say"', "5"): "must be a text such as shop.order. (bad_shop.py:5)",
}

BROKEN_TYPES = {
    ('type = "shop.say"', 'type = "Shop Say"'): "must be of the form category.name",
    ("Node[Input, Output]", "Node"): "It needs a model that is a subclass of tidegate.Input and tidegate.Output",
    ("async def run", "def run"): "Its run is no `async def`",
    ("async def run", "async def go"): "It has no run.",
    ('"shop.say"', '"shop.say"\n    runs_in = "thread"'): "In a thread its run must be a plain `def`.",
    ('"shop.say"', '"shop.say"\n    runs_in = "moon"'): "runs_in is 'moon'; it must be one of loop, thread, process.",
    ('"shop.say"', '"math.round"'): "There is a type of this name already, from Tidegate itself.",
}


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that modules are found in; what was imported from it is forgotten."""
    known = set(sys.modules)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in set(sys.modules) - known:
        del sys.modules[name]


@pytest.mark.parametrize("text", BROKEN_MODULES, ids=lambda text: BROKEN_MODULES[text][:20])
def test_a_module_that_cannot_be_imported_is_named_with_its_reason_and_the_others_are_there(
    modules: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    (modules / "bad_shop.py").write_text(text)
    (modules / "good_shop.py").write_text(GOOD.format(name="good.say"))
    with caplog.at_level(logging.ERROR):
        catalogue = load_node_types(["bad_shop", "good_shop"])
    (broken,) = catalogue.broken
    assert "The module bad_shop of TIDEGATE_NODES could not be loaded" in caplog.text
    assert BROKEN_MODULES[text] in broken.reason
    assert catalogue.registry.guests == {"good.say"}
    assert catalogue.origins == {"good.say": "good_shop, TIDEGATE_NODES"}
    assert BUILT_IN.keys() < catalogue.registry.keys()


@pytest.mark.parametrize("change", BROKEN_TYPES, ids=lambda change: BROKEN_TYPES[change][:30])
def test_a_type_that_is_not_what_it_must_be_is_named_with_its_reason(modules: Path, change: tuple[str, str]) -> None:
    text = GOOD.format(name="shop.say")
    assert change[0] in text
    other = GOOD.format(name="shop.other").replace("class Say", "class Other")
    (modules / "mixed_shop.py").write_text(text.replace(*change) + other)
    catalogue = load_node_types(["mixed_shop"])
    (broken,) = catalogue.broken
    assert BROKEN_TYPES[change] in broken.reason
    assert catalogue.registry.guests == {"shop.other"}


@pytest.mark.parametrize(
    ("port", "reason"),
    [
        ("f: Callable[[], int]", "Its ports cannot be expressed as JSON Schema"),
        ('x: int = Field(alias="not a name")', "A port cannot be named 'not a name'"),
        ('x: int = Field(alias="__after")', "A port cannot be named '__after'"),
    ],
)
def test_ports_that_no_flow_could_use_are_refused(modules: Path, port: str, reason: str) -> None:
    head = "from collections.abc import Callable\nfrom tidegate import Field\n"
    model = f"class SayInput(Input):\n    {port}\n\n\nclass Say(Node[SayInput, Output])"
    text = GOOD.format(name="shop.say").replace("class Say(Node[Input, Output])", model)
    (modules / "ported_shop.py").write_text(head + text)
    (broken,) = load_node_types(["ported_shop"]).broken
    assert reason in broken.reason


def test_a_stream_is_not_read_in_a_process(modules: Path) -> None:
    head = "from tidegate import Stream\n"
    model = "class SayInput(Input):\n    stream: Stream\n\n\nclass Say(Node[SayInput, Output])"
    text = GOOD.format(name="shop.say").replace("class Say(Node[Input, Output])", model)
    there = text.replace('"shop.say"', '"shop.say"\n    runs_in = "process"').replace("async def run", "def run")
    (modules / "reading_shop.py").write_text(head + there)
    (broken,) = load_node_types(["reading_shop"]).broken
    assert "In a process no stream can be read" in broken.reason


def test_installed_packages_offer_their_types_by_entry_points(modules: Path) -> None:
    (modules / "box.py").write_text(GOOD.format(name="box.say") + "\n\nTYPES = [Say]\n")
    (modules / "crate.py").write_text("import nowhere\n")
    info = modules / "boxes-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: boxes\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(f"[{GROUP}]\nall = box:TYPES\nmodule = box\nno = crate\none = box:Say\n")
    catalogue = load_node_types()
    assert catalogue.origins == {"box.say": "box, boxes 1.2 (entry point all)"}
    assert [str(each) for each in catalogue.broken] == [
        "The module crate of boxes 1.2 (entry point no) could not be loaded: "
        "ModuleNotFoundError: No module named 'nowhere' (crate.py:1)"
    ]


def test_a_flow_that_uses_a_type_that_could_not_be_loaded_is_told_why(
    modules: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (modules / "late_shop.py").write_text("import nowhere\n" + GOOD.format(name="shop.say"))
    (modules / "flow.yaml").write_text(FLOW)
    monkeypatch.setenv("TIDEGATE_NODES", "late_shop")
    assert main(["validate", str(modules / "flow.yaml")]) == 1
    said = capsys.readouterr().out
    assert "There is no node type 'shop.say'. The module late_shop of TIDEGATE_NODES could not be loaded" in said
    assert "No module named 'nowhere'" in said


def test_the_list_of_types_has_those_of_others_and_what_is_broken(
    modules: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (modules / "list_shop.py").write_text(GOOD.format(name="shop.say"))
    monkeypatch.setenv("TIDEGATE_NODES", "list_shop,nowhere")
    assert main(["nodes", "list"]) == 1
    said = capsys.readouterr().out
    assert "Says it. [list_shop, TIDEGATE_NODES]" in said
    assert said.splitlines()[-1].startswith("✗ The module nowhere of TIDEGATE_NODES could not be loaded")
    main(["nodes", "list", "--json"])
    listed = json.loads(capsys.readouterr().out)
    (own,) = [each for each in listed["types"] if each["from"] != "Tidegate"]
    assert own == {
        "type": "shop.say",
        "category": "shop",
        "description": "Says it.",
        "runsIn": "loop",
        "from": "list_shop, TIDEGATE_NODES",
    }
    assert [each["what"] for each in listed["broken"]] == ["The module nowhere"]


def test_a_type_of_ones_own_is_offered_by_the_api_and_runs_on_the_worker(service: Dev, tmp_path: Path) -> None:
    query = '{ nodeTypes(category: "own") { type description } }'
    found = httpx.post(service.url, json={"query": query}).json()
    assert found["data"]["nodeTypes"] == [{"type": "own.where", "description": "Says which process it runs in."}]
    flow = tmp_path / "flow.yaml"
    flow.write_text(
        "{tidegate: 1, name: Where, nodes: [{id: where, type: own.where}, "
        "{id: out, type: flow.output, inputs: {name: process}}], edges: [{from: where.process, to: out.value}]}"
    )
    done = tidegate("run", str(flow), "--json", "--url", service.url, TIDEGATE_NODES=OWN_NODES)
    process = json.loads(done.stdout.splitlines()[-1])["data"]["outputs"]["process"]
    assert process in {each.pid for each in service.family}
