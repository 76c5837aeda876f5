"""Templates that users write, in Jinja's language (https://jinja.palletsprojects.com), in its sandbox.

A *plain* template only inserts values and chooses between texts: it is rendered on the spot. Any other (a loop can
nest, a text can be multiplied) is rendered by `engine.confinement`, which can end it.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson
from jinja2 import StrictUndefined, Template, TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from engine.errors import NodeError

TEMPLATE_LIMIT = 64 * 1024
OUTPUT_LIMIT = 1024 * 1024
PLAIN_OPERATIONS = 64
PLAIN_NODES = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Const,
    nodes.If,
    nodes.CondExpr,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Compare,
    nodes.Operand,
    nodes.Test,
    nodes.Filter,
)
PLAIN_FILTERS = frozenset(
    {"capitalize", "count", "d", "default", "first", "float", "int", "last", "length", "lower", "trim", "upper"}
)


class InvalidTemplate(NodeError):
    """The template is not valid."""

    error_code = "INPUT"


class RenderingFailed(NodeError):
    """The template could not be rendered."""


class Environment(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, in which a key of an object comes before a method of that name."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        return obj[attribute] if isinstance(obj, dict) and attribute in obj else super().getattr(obj, attribute)


def _written(data: Any) -> Any:
    """How a value is inserted: a text as it is, true, null, arrays and objects as JSON."""
    return orjson.dumps(data).decode() if data is None or isinstance(data, (bool, list, dict)) else data


_ENVIRONMENT = Environment(
    undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True, optimized=False, finalize=_written
)
for _name in ("cycler", "joiner", "lipsum"):
    del _ENVIRONMENT.globals[_name]


@lru_cache(maxsize=256)
def is_plain(text: str) -> bool:
    """Whether the template's work is bounded by its length; raises `InvalidTemplate` for one that cannot be read."""
    if len(text) > TEMPLATE_LIMIT:
        raise InvalidTemplate(f"The template has {len(text)} characters; the limit is {TEMPLATE_LIMIT}.")
    try:
        parts = list(_ENVIRONMENT.parse(text).find_all(nodes.Node))
    except TemplateError as error:
        raise InvalidTemplate(f"The template is not valid: {_reason(error)}") from None
    except RecursionError:
        raise InvalidTemplate("The template is nested too deeply.") from None
    operations = sum(isinstance(part, (nodes.Filter, nodes.Test, nodes.Compare)) for part in parts)
    return operations <= PLAIN_OPERATIONS and all(map(_is_plain_node, parts))


def _is_plain_node(part: nodes.Node) -> bool:
    return isinstance(part, PLAIN_NODES) and (not isinstance(part, nodes.Filter) or part.name in PLAIN_FILTERS)


def render(text: str, values: Mapping[str, Any]) -> str:
    """Render a template that sees the keys of the values; the output is at most `OUTPUT_LIMIT` characters."""
    try:
        return _collect(_compiled(text), values)
    except TemplateError as error:
        raise RenderingFailed(f"The template could not be rendered: {_reason(error)}") from None
    except RecursionError:
        raise RenderingFailed("The template is nested too deeply.") from None
    except (ArithmeticError, AttributeError, LookupError, SyntaxError, TypeError, ValueError) as error:
        raise RenderingFailed(f"The template could not be rendered: {error}.") from None


@lru_cache(maxsize=256)
def _compiled(text: str) -> Template:
    return _ENVIRONMENT.from_string(text)


def _collect(template: Template, values: Mapping[str, Any]) -> str:
    chunks, length = [], 0
    for chunk in template.generate(values):
        length += len(chunk)
        if length > OUTPUT_LIMIT:
            raise RenderingFailed(f"The text is longer than {OUTPUT_LIMIT} characters.")
        chunks.append(chunk)
    return "".join(chunks)


def _reason(error: TemplateError) -> str:
    line = getattr(error, "lineno", None)
    return f"line {line}: {error.message}" if line else f"{error.message}"
