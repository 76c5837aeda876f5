"""How much one operation may ask for; what asks for more is refused before anything of it is executed.

The rules are classes that are made once, so that validated documents can be kept.
"""

from collections.abc import Iterator
from typing import NamedTuple

from graphql import (
    ASTValidationRule,
    FieldNode,
    FragmentSpreadNode,
    GraphQLError,
    OperationDefinitionNode,
    SelectionSetNode,
)
from strawberry.extensions import SchemaExtension

from schema.errors import TOO_COMPLEX

DEPTH_LIMIT = 20
FIELD_LIMIT = 2_000
ALIAS_LIMIT = 50
TOKEN_LIMIT = 10_000


class Size(NamedTuple):
    """How deep a selection goes and how many fields and aliases it has, fragments counted wherever they are spread."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0


class SizeLimit(ASTValidationRule):
    """Refuses operations that are too deep, too long, or ask for the same thing under too many names."""

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: object) -> None:
        self._sizes: dict[str, Size] = {}
        size = self._size(node.selection_set)
        for what, found, limit in zip(Size._fields, size, (DEPTH_LIMIT, FIELD_LIMIT, ALIAS_LIMIT), strict=True):
            if found > limit:
                message = f"The operation is too complex: {what} {found}, where {limit} is the limit."
                self.report_error(GraphQLError(message, node, extensions={"code": TOO_COMPLEX}))

    def _size(self, selected: SelectionSetNode | None) -> Size:
        parts = list(self._sizes_of(selected)) if selected else []
        return Size(
            depth=max((part.depth for part in parts), default=0),
            fields=sum(part.fields for part in parts),
            aliases=sum(part.aliases for part in parts),
        )

    def _sizes_of(self, selected: SelectionSetNode) -> Iterator[Size]:
        for node in selected.selections:
            if isinstance(node, FieldNode):
                inner = self._size(node.selection_set)
                yield Size(inner.depth + 1, inner.fields + 1, inner.aliases + (node.alias is not None))
            elif isinstance(node, FragmentSpreadNode):
                yield self._size_of_fragment(node.name.value)
            else:
                yield self._size(getattr(node, "selection_set", None))

    def _size_of_fragment(self, name: str) -> Size:
        if name not in self._sizes:
            self._sizes[name] = Size()
            fragment = self.context.get_fragment(name)
            self._sizes[name] = self._size(fragment.selection_set if fragment else None)
        return self._sizes[name]


class Limits(SchemaExtension):
    """Applies the limits to every operation."""

    def on_operation(self) -> Iterator[None]:
        operation = self.execution_context
        operation.parse_options["max_tokens"] = TOKEN_LIMIT
        operation.validation_rules = (*operation.validation_rules, SizeLimit)
        yield
