"""What one operation selects, and what of that is just read, worked out once for all who run the operation."""

from collections.abc import Hashable, Mapping
from functools import partial
from typing import Any, ClassVar
from weakref import WeakValueDictionary

import orjson
from graphql import GraphQLInterfaceType, GraphQLList, GraphQLNonNull, GraphQLObjectType, OperationDefinitionNode
from graphql.execution import Executor
from graphql.execution.collect_fields import CollectedFields, FieldDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues

from schema.documents import KEPT_TOTAL, is_kept
from schema.drawings import Drawing, Drawings, drawing_of
from schema.events import TYPE_NAMES
from schema.reads import Fields, Read, Reads, Shape, completed, is_plain, read_of
from schema.view import NotPlain
from storage.kept import Kept

Grouped = Mapping[str, list[FieldDetails]]
"""The fields that are selected of an object, by their names in the answer."""


class Selections:
    """The selections of one operation with one choice of what is included; its document lives as long as they do.

    Those of short documents are kept, as these are; others for as long as somebody runs the operation.
    """

    _kept: ClassVar[Kept[Hashable, "Selections"]] = Kept(KEPT_TOTAL)
    _running: ClassVar[WeakValueDictionary[Hashable, "Selections"]] = WeakValueDictionary()

    def __init__(self, executor: Executor[Any], choices: VariableValues) -> None:
        self._schema = executor.schema
        self._fragments = executor.fragments
        self._variables = choices
        self._operation = executor.operation
        self._collected: dict[Hashable, CollectedFields] = {}
        self._plain: dict[int, Reads] = {}
        self._drawings: dict[tuple[int, ...], Drawings] = {}
        self._batch: list[tuple[str, Read] | None] = []

    @classmethod
    def of(cls, executor: Executor[Any]) -> "Selections":
        """The selections of the operation that is executed."""
        choices = _choices(executor.variable_values)
        known_by = executor.schema, id(executor.operation), frozenset(choices.coerced.items())
        if found := cls._kept.get(known_by) or cls._running.get(known_by):
            return found
        cls._running[known_by] = made = cls(executor, choices)
        text = _text_of(executor.operation)
        if is_kept(text):
            cls._kept.keep(known_by, made, len(text))
        return made

    def collected(self, kind: GraphQLObjectType, selected: list[FieldDetails]) -> CollectedFields:
        """What is selected of an object that a field returns.

        It depends on nothing else: fragments have no variables of their own here, and nothing is deferred.
        """
        key = (kind, *_nodes(selected))
        if (found := self._collected.get(key)) is None:
            found = self._collected[key] = collect_subfields(
                self._schema, self._fragments, self._variables, self._operation, kind, selected, False
            )
            self._plain[id(found.grouped_field_set)] = self._reads(kind, found.grouped_field_set)
        return found

    def plain(self, fields: Grouped) -> Reads:
        """Those of the fields of an object that are just read, as they are `collected` here."""
        return self._plain.get(id(fields), ())

    def drawings(self, selected: list[FieldDetails]) -> Drawings:
        """How the events of a field are drawn."""
        key = _nodes(selected)
        if key not in self._drawings:
            self._drawings[key] = Drawings(partial(self._make_drawing, selected))
        return self._drawings[key]

    def batch(self) -> tuple[str, Read] | None:
        """The name of a subscription's field in the answer, and how its value is read; None if that is not plain."""
        if not self._batch:
            try:
                self._batch.append(self._read_of_batch())
            except Exception:
                self._batch.append(None)
        return self._batch[0]

    def _read_of_batch(self) -> tuple[str, Read]:
        kind = self._schema.subscription_type
        assert kind
        collected = collect_fields(self._schema, self._fragments, self._variables, kind, self._operation, False)
        ((name, selected),) = collected.grouped_field_set.items()
        shown_as = kind.fields[selected[0].node.name.value].type
        return name, _once_each(completed(shown_as, self._inner(shown_as, selected)))

    def _make_drawing(self, selected: list[FieldDetails], kind: str) -> Drawing:
        shown_as: Any = self._schema.type_map[TYPE_NAMES[kind]]
        return drawing_of(shown_as, self._shape(shown_as, selected))

    def _reads(self, kind: GraphQLObjectType, fields: Grouped) -> Reads:
        reads = ((name, self._read(kind, selected)) for name, selected in fields.items())
        return tuple((name, read) for name, read in reads if read)

    def _read(self, kind: GraphQLObjectType, selected: list[FieldDetails]) -> Read | None:
        field = selected[0].node.name.value
        try:
            return read_of(kind, field, self._inner_of(kind, field, selected)) if is_plain(kind, field) else None
        except NotPlain:
            return None

    def _shape(self, kind: GraphQLObjectType, selected: list[FieldDetails]) -> Fields:
        return tuple(self._part(kind, name, details) for name, details in self._fields(kind, selected).items())

    def _part(self, kind: GraphQLObjectType, name: str, selected: list[FieldDetails]) -> tuple[str, str, Shape]:
        field = selected[0].node.name.value
        return name, field, self._inner_of(kind, field, selected)

    def _inner_of(self, kind: GraphQLObjectType, field: str, selected: list[FieldDetails]) -> Shape:
        return self._inner(kind.fields[field].type, selected) if field in kind.fields else ()

    def _inner(self, type_: Any, selected: list[FieldDetails]) -> Shape:
        """What is selected of a field of this type."""
        while isinstance(type_, GraphQLNonNull | GraphQLList):
            type_ = type_.of_type
        if isinstance(type_, GraphQLInterfaceType):
            return self.drawings(selected).render
        return self._shape(type_, selected) if isinstance(type_, GraphQLObjectType) else ()

    def _fields(self, kind: GraphQLObjectType, selected: list[FieldDetails]) -> Grouped:
        return self.collected(kind, selected).grouped_field_set


def _text_of(operation: OperationDefinitionNode) -> str:
    return operation.loc.source.body if operation.loc else ""


def _nodes(selected: list[FieldDetails]) -> tuple[int, ...]:
    return tuple([id(details.node) for details in selected])


def _choices(variables: VariableValues) -> VariableValues:
    """The variables that can say what is included, which are the only ones that a selection depends on."""
    chosen = {name: value for name, value in variables.coerced.items() if value is None or type(value) is bool}
    return VariableValues({name: variables.sources[name] for name in chosen}, chosen)


def _once_each(read: Read) -> Read:
    """A read whose JSON is kept with what is read, if that keeps it."""

    def read_once(batch: Any) -> Any:
        drawn: dict[Any, orjson.Fragment] | None = getattr(batch, "drawn", None)
        if drawn is None:
            return read(batch)
        if read not in drawn:
            drawn[read] = orjson.Fragment(orjson.dumps(read(batch)))
        return drawn[read]

    return read_once
