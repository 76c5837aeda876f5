"""Which argument a variable of a document is given to."""

from typing import Any

from graphql import ArgumentNode, DocumentNode, Node, ObjectFieldNode, VariableNode, Visitor, visit


class _Place(Visitor):
    def __init__(self, variable: str) -> None:
        super().__init__()
        self.variable = variable
        self.found: list[str] = []

    def enter_variable(
        self, node: VariableNode, _key: Any, parent: Any, _path: Any, ancestors: list[Node | tuple[Node, ...]]
    ) -> None:
        if node.name.value == self.variable and not self.found:
            steps = (step for step in (*ancestors, parent) if isinstance(step, (ArgumentNode, ObjectFieldNode)))
            self.found = [step.name.value for step in steps]


def place_of_variable(document: DocumentNode, variable: str) -> list[str]:
    """The argument that takes the variable, and the fields in it that lead there; `[variable]` if nothing takes it."""
    place = _Place(variable)
    visit(document, place)
    return place.found or [variable]
