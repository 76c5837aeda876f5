"""Secrets as their owners see them again."""

from datetime import datetime
from typing import Annotated, TypeAlias

import strawberry
from strawberry import ID

from schema.node import Node
from schema.view import of_row
from storage.secrets import SecretRow

SecretName: TypeAlias = Annotated[
    str, strawberry.argument(description="A letter, then up to 63 letters, digits, `_`, `.` or `-`.")
]
SecretValue: TypeAlias = Annotated[
    str,
    strawberry.argument(
        description="What is to be kept secret: 1 to 65536 bytes, without NUL characters. Give it as a variable, so "
        "that it is in no document."
    ),
]


@strawberry.type(description="A text of its owner's that executions use and nobody can read again.")
class Secret(Node):
    row: strawberry.Private[SecretRow]

    name: str = of_row("name", 'What flows refer to it by: `{"$secret": "name"}`.')
    updated_at: datetime = of_row("updated_at", "When it was stored last.")
    key_id: str = of_row("key_id", "Which of the server's keys it is sealed with.")

    @property
    def global_id(self) -> str:
        return self.row.id


@strawberry.type(description="The outcome of putSecret.")
class PutSecretPayload:
    secret: Secret = strawberry.field(description="The secret that was stored.")


@strawberry.type(description="The outcome of deleteSecret.")
class DeleteSecretPayload:
    deleted_id: ID = strawberry.field(description="The secret that is gone.")
