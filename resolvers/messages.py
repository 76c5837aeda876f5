"""The messages of the graphql-transport-ws protocol, as clients send them."""

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from resolvers.json_text import read_json
from resolvers.requests import Asked

WITH_DETAILS = ("connection_init", "ping", "pong")
"""The types whose payload is an object or null, and may be left out."""


class WrongMessage(Exception):
    """The message is not one of the protocol."""


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, populate_by_name=True)


PartT = TypeVar("PartT", bound=_Part)


class Payload(_Part):
    """What a `subscribe` asks for."""

    query: str | None = None
    variables: dict[str, Any] | None = None
    name: str | None = Field(None, alias="operationName")
    document_id: str | None = Field(None, alias="documentId")
    extensions: dict[str, Any] | None = None


class Message(_Part):
    """Any message; what its type does not need is ignored."""

    type: str
    id: str | None = Field(None, min_length=1)
    payload: Any = None

    @property
    def operation_id(self) -> str:
        """The id that a `subscribe` or `complete` must have; raises `WrongMessage`."""
        if self.id is None:
            raise WrongMessage("The id is missing")
        return self.id

    def asked(self) -> Asked:
        """What a `subscribe` asks for; raises `WrongMessage`."""
        asked = Asked(**dict(_read(Payload, self.payload)))
        if asked.query is None and not asked.has_document:
            raise WrongMessage("The query is not valid")
        return asked


def read_message(text: str) -> Message:
    """Read what a client sent; raises `WrongMessage`."""
    try:
        message = _read(Message, read_json(text))
    except ValueError:
        raise WrongMessage("The message is not JSON") from None
    if message.type in WITH_DETAILS and not isinstance(message.payload, dict | None):
        raise WrongMessage("The payload is not valid")
    return message


def _read(model: type[PartT], data: Any) -> PartT:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        place = ".".join(str(step) for step in error.errors()[0]["loc"]) or "message"
        raise WrongMessage(f"The {place} is not valid") from None
