"""text.template: fills in values, and is not to be abused."""

from typing import Any

import pytest

from engine.nodes import BUILT_IN
from engine.templating import is_plain
from tests.engine.nodes.bench import Bench, turns_of_others

VALUES = {"name": "Ann", "items": [1, 2], "order": {"items": 3, "paid": True}, "none": None, "html": "<b>"}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("Hello {{ name }}!\n", "Hello Ann!\n"),
        ("{{ name | upper }} {{ name[0] }}", "ANN A"),
        ("{{ items }} {{ order }}", '[1,2] {"items":3,"paid":true}'),
        ("{{ order.items }} {{ order.paid }} {{ none }} {{ 1e16 }}", "3 true null 1e+16"),
        ("{{ html }}", "<b>"),
        ("{% if order.paid and items | length > 1 %}yes{% else %}no{% endif %}", "yes"),
        ("{{ missing | default('-') }}", "-"),
        ("", ""),
    ],
)
async def test_plain_templates(node: Bench, template: str, text: str) -> None:
    assert is_plain(template)
    assert await node.run("text.template", template=template, values=VALUES) == {"text": text}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{% for item in items %}{{ loop.index }}:{{ item }} {% endfor %}", "1:1 2:2 "),
        ("{% set total = items | sum %}{{ total * 2 + 1 }}", "7"),
        ("{{ items | join('-') }}{{ name ~ '!' }}", "1-2Ann!"),
        ("{% macro bold(text) %}<b>{{ text }}</b>{% endmacro %}{{ bold(name) }}", "<b>Ann</b>"),
        ("{% for n in range(3) %}{{ n }}{% endfor %}", "012"),
    ],
)
async def test_templates_that_work_are_rendered_apart(node: Bench, template: str, text: str) -> None:
    assert not is_plain(template)
    assert await node.run("text.template", template=template, values=VALUES) == {"text": text}


@pytest.mark.parametrize("template", ["{{ missing }}", "{{ name.missing }}", "{{ order.missing }}", "{{ items[9] }}"])
async def test_a_name_that_does_not_exist_fails(node: Bench, template: str) -> None:
    error = await node.fail("text.template", template=template, values=VALUES)
    assert error.failure_code == "NODE"
    assert "Input 'template'" in error.message


@pytest.mark.parametrize("template", ["{{ name", "{% for %}", "{% if x %}", "{{ 1 | nope }}", "((" + "{{ (" * 9])
async def test_a_template_that_cannot_be_read_fails_by_name(node: Bench, template: str) -> None:
    error = await node.fail("text.template", template=template, values=VALUES)
    assert "Input 'template'" in error.message


def test_a_template_that_cannot_be_read_is_a_problem_of_the_document() -> None:
    assert "line 2" in BUILT_IN["text.template"].check({"template": "\n{% for %}"})["template"]
    assert BUILT_IN["text.template"].check({"template": "{{ name }}"}) == {}


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ ''['__class__'] }}",
        "{{ name | attr('__class__') }}",
        "{{ range.__globals__ }}",
        "{{ self.__init__.__globals__ }}",
        "{{ '{0.__class__}'.format(name) }}",
        "{{ '%s' | format(name.__class__) }}",
        "{% include '/etc/passwd' %}",
        "{% import 'os' as os %}",
        "{{ cycler.__init__.__globals__.os }}",
        "{{ items.append(3) }}",
    ],
)
async def test_a_template_reaches_nothing_of_the_program(node: Bench, template: str) -> None:
    error = await node.fail("text.template", template=template, values=VALUES)
    assert "Input 'template'" in error.message


BOMBS = {
    "nested loops": "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "a long range": "{% for a in range(10**12) %}x{% endfor %}",
    "a loop that writes": "{% for a in range(99999) %}{{ 'x' * 1000 }}{% endfor %}",
    "a multiplied text": "{{ 'x' * 10**9 }}",
    "a multiplied list": "{{ ([0] * 10**9) | length }}",
    "a power": "{{ (10 ** 9) ** (10 ** 9) }}",
    "a doubled text": "{% set x = 'x' %}" + "{% set x = x ~ x %}" * 60,
    "a recursive macro": "{% macro f(n) %}{{ f(n) }}{{ f(n) }}{% endmacro %}{{ f(1) }}",
    "an exponential macro": "{% macro f(n) %}{% if n %}{{ f(n-1) }}{{ f(n-1) }}{% endif %}{% endmacro %}{{ f(60) }}",
    "a width in a format": "{{ '%1000000000d' % 1 }}",
    "a width in a method": "{{ '{:1000000000d}'.format(1) }}",
    "a centred text": "{{ 'x' | center(10**9) }}",
    "an indented text": "{{ 'x\n' * 1000 | indent(10**7) }}",
    "a replaced text": "{{ ('x' * 100000).replace('', 'x' * 100000) }}",
    "many slices": "{{ [1] | slice(10**9) | list | length }}",
    "deep brackets": "{{ " + "(" * 30_000 + ")" * 30_000 + " }}",
    "deep loops": "{% for a in [1] %}" * 3_000,
    "a long template": "x" * 65_537,
}


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("bomb", BOMBS)
async def test_a_bomb_ends_soon_and_others_go_on_meanwhile(node: Bench, bomb: str) -> None:
    async with turns_of_others() as turns:
        error = await node.fail("text.template", template=BOMBS[bomb], values=VALUES)
    assert "Input 'template'" in error.message
    assert turns() > 5 or "the work was ended" not in error.message
    assert await node.run("text.template", template="{{ 1 + 1 }}") == {"text": "2"}


async def test_the_text_is_at_most_a_mebibyte(node: Bench) -> None:
    big: dict[str, Any] = {"big": "x" * (1024 * 1024)}
    assert len((await node.run("text.template", template="{{ big }}", values=big))["text"]) == 1024 * 1024
    assert "longer than" in (await node.fail("text.template", template="{{ big }}x", values=big)).message
