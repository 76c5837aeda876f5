"""secret.get: refers to a secret by its name."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from engine.node import Context, Input, Node, Output
from engine.ports import Secret
from engine.secret_reference import NAME_RULE, is_secret_name, reference


class SecretGetInput(Input):
    name: str = Field(description="The name of the secret.")


class SecretGetOutput(Output):
    secret: Secret = Field(description="A reference to the secret, for inputs of kind secret; never the secret itself.")


class SecretGet(Node[SecretGetInput, SecretGetOutput]):
    """Gives a reference to a secret of whoever owns the execution; fails if there is none of that name. What the
    reference leads to looks the secret up when it needs it."""

    type = "secret.get"
    safe = True

    @classmethod
    def check(cls, constants: Mapping[str, Any]) -> Mapping[str, str]:
        is_wrong = isinstance(constants.get("name"), str) and not is_secret_name(constants["name"])
        return {"name": f"The name of a secret must be {NAME_RULE}."} if is_wrong else {}

    async def run(self, inputs: SecretGetInput, context: Context) -> SecretGetOutput:
        await context.secret(inputs.name)
        return SecretGetOutput(secret=reference(inputs.name))
