"""How much one operation may ask for; what asks for more is refused before it is validated, which can take long.

Validation compares fields and fragments with each other, pair by pair, so their numbers are what must be small.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FloatValueNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    IntValueNode,
    Node,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)

from schema.errors import TOO_COMPLEX

TOKEN_LIMIT = 3_000
TEXT_LIMIT = 200_000
"""Characters of a document: a single token can be so long that it takes a second to find its end."""


class Size(NamedTuple):
    """How deep a selection goes, how many fields, aliases and directives it has, how many fragments are spread in it,
    and how often it has one field in the same place at most; fragments are counted wherever they are spread.
    """

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0
    fragments: int = 0
    repeats: int = 0

    def beside(self, other: "Size") -> "Size":
        """The size of both of them, side by side."""
        return Size(
            max(self.depth, other.depth),
            self.fields + other.fields,
            self.aliases + other.aliases,
            self.directives + other.directives,
            self.fragments + other.fragments,
            max(self.repeats, other.repeats),
        )


LIMITS = Size(depth=20, fields=1_000, aliases=50, directives=50, fragments=100, repeats=10)
LITERAL_LIMIT = 50
"""How many fields an object may have that is written out in the document; variables may have any number."""
NUMBER_LENGTH = 400
"""Characters of a number that is written out; no number that can be stored has more."""
OPERATIONS_LIMIT = 50


def excess(document: DocumentNode) -> GraphQLError | None:
    """What of a document is too much, if anything is."""
    measured = _Measured(document)
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if len(operations) > OPERATIONS_LIMIT:
        return _too_much("operations", len(operations), OPERATIONS_LIMIT, operations[-1])
    for operation in operations:
        size = measured.size(operation.selection_set)
        for what, found, limit in zip(Size._fields, size, LIMITS, strict=True):
            if found > limit:
                return _too_much(what, found, limit, operation)
    return _large_literal(document)


def _too_much(what: str, found: int, limit: int, node: Node) -> GraphQLError:
    message = f"The operation is too complex: {what} {found}, where {limit} is the limit."
    return GraphQLError(message, node, extensions={"code": TOO_COMPLEX})


class _Measured:
    def __init__(self, document: DocumentNode) -> None:
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._sizes: dict[str, Size] = {}

    def size(self, selected: SelectionSetNode | None) -> Size:
        if selected is None:
            return Size()
        whole = Size(repeats=_repeats(selected))
        for node in selected.selections:
            whole = whole.beside(self._size_of(node))
        return whole

    def _size_of(self, node: SelectionNode) -> Size:
        directives = len(node.directives or ())
        if isinstance(node, FieldNode):
            own = Size(fields=1, aliases=int(node.alias is not None), directives=directives)
            inner = self.size(node.selection_set)
            return own.beside(inner._replace(depth=inner.depth + 1))
        own = Size(directives=directives, fragments=1)
        if isinstance(node, FragmentSpreadNode):
            return own.beside(self._size_of_fragment(node.name.value))
        return own.beside(self.size(getattr(node, "selection_set", None)))

    def _size_of_fragment(self, name: str) -> Size:
        if name not in self._sizes:
            # Fragments in a circle are the validation's business.
            self._sizes[name] = Size()
            fragment = self._fragments.get(name)
            self._sizes[name] = self.size(fragment.selection_set if fragment else None)
        return self._sizes[name]


def _repeats(selected: SelectionSetNode) -> int:
    names = Counter(
        node.alias.value if node.alias else node.name.value
        for node in selected.selections
        if isinstance(node, FieldNode)
    )
    return max(names.values(), default=0)


def _large_literal(document: DocumentNode) -> GraphQLError | None:
    for node in _nodes(document):
        if isinstance(node, ObjectValueNode) and len(node.fields) > LITERAL_LIMIT:
            return _too_much("fields of an object", len(node.fields), LITERAL_LIMIT, node)
        if isinstance(node, (IntValueNode, FloatValueNode)) and len(node.value) > NUMBER_LENGTH:
            return _too_much("characters of a number", len(node.value), NUMBER_LENGTH, node)
    return None


def _nodes(node: Node) -> Iterator[Node]:
    waiting = [node]
    while waiting:
        yield (node := waiting.pop())
        for key in node.keys:
            waiting += _below(getattr(node, key, None))


def _below(value: Any) -> list[Node]:
    if isinstance(value, Node):
        return [value]
    return [each for each in value if isinstance(each, Node)] if isinstance(value, (list, tuple)) else []
