"""Random selections of events: fields, aliases, fragments, variables, directives."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, get_named_type
from hypothesis import strategies as st

EVENT = "ExecutionEvent"
VARIABLES = ("yes", "no")
"""Boolean variables of the operations; each is what it says."""

DIRECTIVES = (
    *("" for _ in range(12)),
    "@include(if: $yes)",
    "@include(if: $no)",
    "@skip(if: $yes)",
    "@skip(if: $no)",
    "@include(if: true) @skip(if: $no)",
    "@skip(if: true)",
)


@dataclass
class Selecting:
    """Draws one operation; `fragments` are those that it has defined."""

    schema: GraphQLSchema
    draw: st.DrawFn
    fragments: list[str] = field(default_factory=list)

    def query(self) -> str:
        """A query for events, with all that it needs."""
        return self._operation("query", f"events {self._selection(EVENT, depth=3)}")

    def subscription(self) -> str:
        """A subscription to batches of events, with all that it needs."""
        events = f"{self._alias('events')}events {self._directive()} {self._selection(EVENT, depth=2)}"
        others = [self._part("ExecutionEventBatch", 0) for _ in range(3) if self.draw(st.booleans())]
        plain = [part for part in others if "events" not in part]
        return self._operation("subscription", f"{self._alias('batches')}batches {{ {events} {' '.join(plain)} }}")

    def _operation(self, kind: str, selected: str) -> str:
        variables = ", ".join(f"${name}: Boolean!" for name in VARIABLES)
        return "\n".join([f"{kind} ({variables}) {{ {selected} }}", *self.fragments])

    def _selection(self, type_name: str, depth: int) -> str:
        parts = [self._part(type_name, depth) for _ in range(self.draw(st.integers(1, 5)))]
        return f"{{ {' '.join(parts)} }}"

    def _part(self, type_name: str, depth: int) -> str:
        ways = ["field", "field", "name", "inline", "named"] if depth else ["field", "name"]
        match self.draw(st.sampled_from(ways)):
            case "field":
                return self._field(type_name, depth)
            case "name":
                return f"{self._alias('__typename')}__typename {self._directive()}"
            case "inline":
                other = self._other(type_name)
                return f"... on {other} {self._directive()} {self._selection(other, depth - 1)}"
            case _:
                return f"...{self._fragment(self._other(type_name), depth - 1)} {self._directive()}"

    def _field(self, type_name: str, depth: int) -> str:
        name = self.draw(st.sampled_from(sorted(self._type(type_name).fields)))
        inner = get_named_type(self._type(type_name).fields[name].type)
        below = self._selection(inner.name, 0) if isinstance(inner, GraphQLObjectType) else ""
        return f"{self._alias(name)}{name} {self._directive()} {below}"

    def _type(self, name: str) -> GraphQLObjectType | GraphQLInterfaceType:
        found = self.schema.type_map[name]
        assert isinstance(found, GraphQLObjectType | GraphQLInterfaceType)
        return found

    def _other(self, type_name: str) -> str:
        """A type that an object of this one may have too."""
        found = self._type(type_name)
        return self.draw(st.sampled_from([type_name, *self._relatives(found)]))

    def _relatives(self, found: GraphQLObjectType | GraphQLInterfaceType) -> Sequence[str]:
        above = [each.name for each in found.interfaces]
        if isinstance(found, GraphQLObjectType):
            return sorted(above)
        below = self.schema.get_implementations(found)
        return sorted([*above, *(each.name for each in (*below.interfaces, *below.objects))])

    def _fragment(self, type_name: str, depth: int) -> str:
        selected = self._selection(type_name, depth)
        name = f"f{len(self.fragments)}"
        self.fragments.append(f"fragment {name} on {type_name} {selected}")
        return name

    def _alias(self, name: str) -> str:
        """Perhaps another name; what has the same one is the same field, else the operation would not be valid."""
        return self.draw(st.sampled_from(["", "", f"one_{name}: ", f"two_{name}: "]))

    def _directive(self) -> str:
        return self.draw(st.sampled_from(DIRECTIVES))
