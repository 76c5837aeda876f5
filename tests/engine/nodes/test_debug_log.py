"""debug.log: writes to the log of the execution."""

from tests.engine.nodes.bench import Bench


async def test_a_text_is_logged_as_it_is_and_the_value_passed_on(node: Bench) -> None:
    assert await node.run("debug.log", message="line\ntwo", value=[1]) == {"value": [1]}
    assert node.logged == ["line\ntwo"]


async def test_anything_else_is_logged_as_json(node: Bench) -> None:
    assert await node.run("debug.log", message={"a": [1, None]}) == {}
    assert node.logged == ['{"a":[1,null]}']


async def test_a_message_is_needed(node: Bench) -> None:
    assert "'message'" in (await node.fail("debug.log")).message
