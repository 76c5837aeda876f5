"""Node types and their ports."""

from typing import Any

import strawberry

from engine.node import AnyNode
from engine.ports import PortKind
from schema.node import Node
from schema.scalars import JSON
from schema.view import of_row, resolved


@strawberry.type(description="An input or output of a node type.")
class Port:
    name: str = strawberry.field(description="The port's name.")
    kind: PortKind = strawberry.field(description="What kind of value it carries.")
    schema: JSON = strawberry.field(description="The JSON Schema of one value.")
    required: bool = strawberry.field(description="Whether it needs an edge or a constant.")
    many: bool = strawberry.field(description="Whether it takes any number of edges.")
    description: str | None = strawberry.field(description="What the value is for.")


@strawberry.type(description="A kind of node that flows can use.")
class NodeType(Node):
    row: strawberry.Private[type[AnyNode]]

    type: str = of_row("type", "Its name, such as `math.arithmetic`.")
    title: str = of_row("title", "What people call it.")
    category: str = of_row("category", "What it is listed under.")
    description: str = of_row("description", "What it does.")
    pure: bool = of_row("pure", "Whether the same inputs give the same outputs and nothing else happens.")

    @property
    def global_id(self) -> str:
        return self.row.type

    @resolved("The inputs, in order of declaration.", graphql_type=list[Port])
    def inputs(self) -> Any:
        return list(self.row.declared_ports().inputs.values())

    @resolved("The outputs, in order of declaration.", graphql_type=list[Port])
    def outputs(self) -> Any:
        return list(self.row.declared_ports().outputs.values())

    @resolved("The JSON Schema of all inputs as one object.")
    def input_schema(self) -> JSON:
        return JSON(self.row.input_model.model_json_schema(by_alias=True))

    @resolved("The JSON Schema of all outputs as one object.")
    def output_schema(self) -> JSON:
        return JSON(self.row.output_model.model_json_schema(by_alias=True))
