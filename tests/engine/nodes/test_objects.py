"""Objects: taken apart, changed, and put together."""

from copy import deepcopy
from typing import Any

import pytest

from engine.nodes import BUILT_IN
from tests.engine.nodes.bench import Bench

ORDER = {"id": 7, "items": [{"price": 3}, {"price": 4}], "note": None, "a.b": {"c": 1}}


async def test_keys_and_values_have_the_order_of_the_object(node: Bench) -> None:
    assert await node.run("object.keys", object={"b": 1, "a": 2}) == {"result": ["b", "a"]}
    assert await node.run("object.values", object={"b": 1, "a": None}) == {"result": [1, None]}


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("id", 7),
        ("items[1].price", 4),
        ("items[-2]", {"price": 3}),
        ("note", None),
        ('["a.b"].c', 1),
        ('["a.b"]["c"]', 1),
    ],
)
async def test_a_path_leads_to_its_part(node: Bench, path: str, part: Any) -> None:
    assert await node.run("object.get", object=ORDER, path=path, default="not this") == {"result": part}


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("item", "The object has no key 'item'. Did you mean 'items'?"),
        ("items[0].prise", "items[0] has no key 'prise'. Did you mean 'price'?"),
        ("items[2]", "items has no item 2; it has 2."),
        ("items[-3]", "items has no item -3"),
        ("items.0", "items is of kind array, which has no keys such as '0'."),
        ("note.text", "note is of kind null"),
        ("id[0]", "id is of kind number, which has no items such as [0]."),
    ],
)
async def test_a_path_that_leads_nowhere_gives_the_default_or_fails(node: Bench, path: str, said: str) -> None:
    assert await node.run("object.get", object=ORDER, path=path, default=None) == {"result": None}
    error = await node.fail("object.get", object=ORDER, path=path)
    assert error.failure_code == "INPUT"
    assert error.message.startswith(f"Input 'path': {said}")


@pytest.mark.parametrize(
    "path", ["", ".a", "a.", "a..b", "a[", "a[x]", "a[1", 'a["', r'["\x"]', "a[0]b", "a" * 1_001, "a" + "[0]" * 100]
)
@pytest.mark.parametrize("name", ["object.get", "object.set"])
async def test_a_path_that_cannot_be_read_is_a_problem_of_the_document(node: Bench, name: str, path: str) -> None:
    assert "path" in BUILT_IN[name].check({"path": path})
    error = await node.fail(name, object={"a": 1}, path=path, **{"value" if name == "object.set" else "default": 1})
    assert error.message.startswith("Input 'path': ")


@pytest.mark.parametrize(
    ("path", "result"),
    [
        ("id", {**ORDER, "id": "new"}),
        ("new.deep", {**ORDER, "new": {"deep": "new"}}),
        ("items[-1].price", {**ORDER, "items": [{"price": 3}, {"price": "new"}]}),
        ("note", {**ORDER, "note": "new"}),
    ],
)
async def test_set_gives_a_copy(node: Bench, path: str, result: Any) -> None:
    order = deepcopy(ORDER)
    assert await node.run("object.set", object=order, path=path, value="new") == {"result": result}
    assert order == ORDER


@pytest.mark.parametrize(
    ("path", "said"), [("items[2]", "items has no item 2"), ("id.x", "id is of kind number"), ("new[0]", "kind object")]
)
async def test_set_makes_no_items_and_replaces_nothing_on_the_way(node: Bench, path: str, said: str) -> None:
    assert said in (await node.fail("object.set", object=ORDER, path=path, value=1)).message


async def test_pick_and_merge(node: Bench) -> None:
    picked = await node.run("object.pick", object=ORDER, keys=["note", "id", "none"])
    assert picked == {"result": {"note": None, "id": 7}}
    objects = [{"a": 1, "b": {"c": 1}}, {"b": {"d": 2}}, {}]
    assert await node.run("object.merge", objects=objects) == {"result": {"a": 1, "b": {"d": 2}}}
    assert "'objects.1'" in (await node.fail("object.merge", objects=[{}, []])).message


async def test_build_evaluates_each_entry(node: Bench) -> None:
    entries = {"total": "price * qty", "label": "'n' + string(qty)", "odd": "[1, 2, 3].filter(n, n % 2 == 1)"}
    outputs = await node.run("object.build", entries=entries, values={"price": 3, "qty": 4})
    assert outputs == {"result": {"total": 12, "label": "n4", "odd": [1, 3]}}
    assert list(outputs["result"]) == list(entries)


async def test_an_entry_that_fails_is_named(node: Bench) -> None:
    error = await node.fail("object.build", entries={"a": "1", "b": "1 / 0"})
    assert error.message == "Input 'entries': b: division by zero in CEL expression."
    assert BUILT_IN["object.build"].check({"entries": {"a": "1", "b": "1 +"}})["entries"].startswith("b: ")
    assert BUILT_IN["object.build"].check({"entries": {"a": "1"}}) == {}


async def test_entries_that_add_up_to_gigabytes_are_refused(node: Bench) -> None:
    entries = {f"k{number}": "big" for number in range(1_000)}
    error = await node.fail("object.build", entries=entries, values={"big": "x" * 60_000})
    assert "k279: the results have more than" in error.message
