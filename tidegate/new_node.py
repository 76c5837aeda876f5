"""tidegate nodes new: writes the file of a new node type, its test, and a flow that has it."""

from pathlib import Path
from string import Template

from engine.errors import TidegateError
from engine.registry import TYPE_PATTERN

NODE = Template('''\
"""$type: counts the words of a text."""

from tidegate import Context, Field, Input, Node, NodeError, Output


class ${name}Input(Input):
    """Each field is an input port."""

    text: str = Field(description="What to count in.")
    least: int = Field(default=1, description="Fail if there are fewer words than this.")


class ${name}Output(Output):
    """Each field is an output port."""

    words: int = Field(description="How many there are.")


class $name(Node[${name}Input, ${name}Output]):
    """Counts the words of a text, and fails if there are too few."""

    type = "$type"
    pure = True  # the same outputs for the same inputs, and no effect: leave this out for anything else

    async def run(self, inputs: ${name}Input, context: Context) -> ${name}Output:
        words = len(inputs.text.split())
        if words < inputs.least:
            raise NodeError(f"The text has {words} words instead of at least {inputs.least}.")
        context.log(f"Counted {words} words.")
        return ${name}Output(words=words)
''')

TEST = Template('''\
"""Tests of $type: no server is needed."""

import asyncio
from pathlib import Path

from $module import $name
from tidegate.testing import run_flow, run_node

FLOW = Path(__file__).with_name("$module.yaml")


def test_it_counts_words() -> None:
    result = asyncio.run(run_node($name, {"text": "the tide turns"}))
    assert result.outputs == {"words": 3}
    assert result.logs == ["Counted 3 words."]


def test_too_few_words_are_an_error() -> None:
    result = asyncio.run(run_node($name, {"text": "tide", "least": 2}))
    assert result.error
    assert result.error.code == "NODE"
    assert "1 words instead of at least 2" in result.error.message


def test_it_works_in_a_flow() -> None:
    result = asyncio.run(run_flow(FLOW, {"text": "the tide turns"}, nodes=[$name]))
    assert result.status == "COMPLETED"
    assert result.outputs == {"words": 3}
''')

FLOW = Template("""\
tidegate: 1
name: Count
nodes:
  - {id: text, type: flow.input, inputs: {name: text, default: the tide turns}}
  - {id: count, type: $type}
  - {id: words, type: flow.output, inputs: {name: words}}
edges:
  - {from: text.value, to: count.text}
  - {from: count.words, to: words.value}
""")


class CannotBegin(TidegateError):
    """The files of a new node cannot be written."""


def write_new_node(type_name: str, folder: Path) -> str:
    """Write the three files; gives what to do next, in words. Raises `CannotBegin`; nothing is overwritten."""
    module, name = _names(type_name)
    fields = {"type": type_name, "module": module, "name": name}
    files = {
        folder / f"{module}.py": NODE,
        folder / f"test_{module}.py": TEST,
        folder / f"{module}.yaml": FLOW,
    }
    for path in files:
        if path.exists():
            raise CannotBegin(f"{path} is there already; nothing was written.")
    for path, template in files.items():
        _write(path, template.substitute(fields))
    return _next(folder, module)


def _names(type_name: str) -> tuple[str, str]:
    """The names of module and class: `shop.order` becomes `shop_order` and `ShopOrder`."""
    if not TYPE_PATTERN.match(type_name) or "." not in type_name:
        raise CannotBegin(f"{type_name!r} is no name of a node type; it must be like shop.order, in small letters.")
    module = type_name.replace(".", "_")
    return module, "".join(part.capitalize() for part in module.split("_"))


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise CannotBegin(f"{path} cannot be written: {error.strerror}.") from None


def _next(folder: Path, module: str) -> str:
    there = "" if folder == Path() else f"cd {folder}\n"
    return (
        f"Wrote {folder / f'{module}.py'}, test_{module}.py and {module}.yaml. Next:\n\n"
        f"{there}"
        f"python -m pytest test_{module}.py        # it passes as it is\n"
        f"export TIDEGATE_NODES={module}\n"
        "tidegate nodes list                       # has it, or says why not\n"
        "tidegate dev                              # in another terminal, with TIDEGATE_NODES set\n"
        f"tidegate run {module}.yaml"
    )
