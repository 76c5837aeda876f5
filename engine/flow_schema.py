"""The JSON Schema of flow documents, for editors: what may be written where, and what each part is for.

It says of a document what can be said of each part by itself. Whether nodes and ports exist that an edge names, and all
else that `engine.validation` knows, it cannot say.
"""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from engine.document import FlowDocument, NodeDocument
from engine.node import AnyNode
from engine.ports import Ports
from engine.registry import NodeTypes

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]


def flow_schema(node_types: NodeTypes) -> Schema:
    """The schema (draft 2020-12) of documents whose nodes are of these types."""
    schema = _schema(FlowDocument, "#/$defs/{model}")
    definitions: Schema = schema.pop("$defs")
    node: Schema = definitions[NodeDocument.__name__]
    node["properties"]["type"] |= {"anyOf": [_named(node_type) for node_type in node_types.values()]}
    node["allOf"] = [_inputs_of(name) for name in node_types]
    constants = {name: _constants(node_type) for name, node_type in node_types.items()}
    return {"$schema": DIALECT, **schema, "$defs": {**definitions, **constants}}


def _named(node_type: type[AnyNode]) -> Schema:
    """The name of a type, and beside it what an editor shows of it."""
    return {"const": node_type.type, "title": node_type.title, "description": _text(node_type)}


def _text(node_type: type[AnyNode]) -> str:
    ports = node_type.declared_ports()
    return f"{node_type.description}\n\n{_spelled(ports)}"


def _spelled(ports: Ports) -> str:
    inputs = ", ".join(f"{name}{'' if port.required else '?'}{'*' * port.many}" for name, port in ports.inputs.items())
    return f"{inputs} → {', '.join(ports.outputs)}".strip()


def _inputs_of(name: str) -> Schema:
    return {
        "if": {"properties": {"type": {"const": name}}, "required": ["type"]},
        "then": {"properties": {"inputs": {"$ref": f"#/$defs/{name}"}}},
    }


def _constants(node_type: type[AnyNode]) -> Schema:
    """The schema of a type's `inputs`: what no edge may bring must be there, all else may."""
    schema = _schema(node_type.input_model, f"#/$defs/{node_type.type}/$defs/{{model}}")
    ports = node_type.declared_ports().inputs.values()
    needed = [port.name for port in ports if port.constant and port.required]
    described = {"title": node_type.title, "description": _text(node_type)}
    return {**schema, **described, "required": needed}


def schema_text(node_types: NodeTypes) -> str:
    """The schema as the text of a file."""
    return f"{json.dumps(flow_schema(node_types), indent=2, ensure_ascii=False)}\n"


def _schema(model: type[BaseModel], ref_template: str) -> Schema:
    schema = model.model_json_schema(
        ref_template=ref_template, schema_generator=_ForEditors, union_format="primitive_type_array"
    )
    schema.pop("title")
    return schema


class _ForEditors(GenerateJsonSchema):
    """Leaves out what an editor would only show as noise: titles made of names, defaults of null."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def default_schema(self, schema: Any) -> Schema:
        made: Mapping[str, Any] = super().default_schema(schema)
        return {key: value for key, value in made.items() if key != "default" or value is not None}
