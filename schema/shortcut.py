"""Executing selections on events without the machinery that other fields need.

Events come by the thousand and all their fields are plain reads. So the fields that a selection wants of a kind are
worked out once, and each event of the kind is then only read. What is not plain, or goes wrong, takes the long way.
"""

from collections.abc import Callable
from typing import Any

from graphql import GraphQLField, GraphQLNonNull, GraphQLObjectType, is_leaf_type
from graphql.execution.collect_fields import FieldDetails
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from schema.events import ShownEvent
from schema.scalars import JSON_NAME
from schema.view import ViewField

Read = Callable[[ShownEvent], Any]
Plan = tuple[tuple[str, Read], ...]

TYPE_NAME = "__typename"


class NotPlain(Exception):
    """A field needs the long way."""


class EventExecutor(StrawberryGraphQLCoreExecutionContext):
    """Strawberry's executor with the shortcut."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # The copies that a subscription makes for its batches share this, and what keeps the keys' lists alive.
        self._plans: dict[tuple[str, int], Plan | None] = {}

    def complete_object_value(
        self, return_type: GraphQLObjectType, field_details_list: list[FieldDetails], *rest: Any
    ) -> Any:
        shown = rest[2]
        if type(shown) is ShownEvent and (plan := self._plan(return_type, field_details_list)):
            try:
                return {name: read(shown) for name, read in plan}
            except Exception:
                return super().complete_object_value(return_type, field_details_list, *rest)
        return super().complete_object_value(return_type, field_details_list, *rest)

    def _plan(self, kind: GraphQLObjectType, selected: list[FieldDetails]) -> Plan | None:
        key = (kind.name, id(selected))
        if key not in self._plans:
            self._plans[key] = self._make_plan(kind, selected)
        return self._plans[key]

    def _make_plan(self, kind: GraphQLObjectType, selected: list[FieldDetails]) -> Plan | None:
        fields = self.collect_subfields(kind, selected).grouped_field_set
        try:
            return tuple((name, _read(kind, details[0].node.name.value)) for name, details in fields.items())
        except NotPlain:
            return None


def _read(kind: GraphQLObjectType, name: str) -> Read:
    if name == TYPE_NAME:
        return lambda shown: kind.name
    if name not in kind.fields:
        raise NotPlain
    return _read_field(kind.fields[name])


def _read_field(field: GraphQLField) -> Read:
    view = field.extensions.get("strawberry-definition")
    is_required = isinstance(field.type, GraphQLNonNull)
    leaf: Any = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
    if not isinstance(view, ViewField) or not is_leaf_type(leaf):
        raise NotPlain
    return _required(view.read, leaf) if is_required else _optional(view.read, leaf)


def _required(read: Read, leaf: Any) -> Read:
    coerce = leaf.coerce_output_value

    def read_required(shown: ShownEvent) -> Any:
        value = read(shown)
        if value is None:
            raise NotPlain
        return value if leaf.name == JSON_NAME else coerce(value)

    return read_required


def _optional(read: Read, leaf: Any) -> Read:
    coerce = leaf.coerce_output_value

    def read_optional(shown: ShownEvent) -> Any:
        value = read(shown)
        return None if value is None else coerce(value)

    return read_optional
