"""Asks a model's service for a completion, whole or as a stream of pieces."""

from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any, TypeVar

import httpx2
import orjson
from pydantic import ValidationError

from engine.ai.messages import Answered, Completion, Message, ModelConnection, Piece, Said
from engine.errors import NodeError

PATH = "/chat/completions"
DONE = "[DONE]"
SHOWN_LENGTH = 500
RETRYABLE = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS})
FILTERED = "content_filter"
CUT = "length"

AnsweredT = TypeVar("AnsweredT", bound=Answered)


class ModelFailed(NodeError):
    """The model's service did not answer as it should."""


class Model:
    """One model of a service. Raises `ModelFailed`, retryable where trying again may help."""

    def __init__(self, client: httpx2.AsyncClient, connection: ModelConnection, name: str) -> None:
        self._client = client
        self._url = connection.url.rstrip("/") + PATH
        self._fixed = {**connection.parameters, "model": name}

    async def complete(self, messages: list[Message], **parameters: Any) -> Completion:
        """The whole answer to a conversation."""
        try:
            response = await self._client.post(self._url, **self._request(messages, parameters))
        except httpx2.TransportError as error:
            raise self._unreachable(error) from None
        self._raise_for_status(response)
        completion = self._read(Completion, response.content)
        choice = completion.choices[0]
        raise_for_refusal(choice.message, choice.finish_reason)
        return completion

    async def stream(self, messages: list[Message], **parameters: Any) -> AsyncIterator[Piece]:
        """The answer to a conversation piece by piece, as they come."""
        asked = {**parameters, "stream": True, "stream_options": {"include_usage": True}}
        try:
            async with self._client.stream("POST", self._url, **self._request(messages, asked)) as response:
                if response.status_code >= HTTPStatus.MULTIPLE_CHOICES:
                    await response.aread()
                self._raise_for_status(response)
                async for piece in self._pieces(response):
                    yield piece
        except (httpx2.TransportError, httpx2.SSEError) as error:
            raise self._unreachable(error) from None

    async def _pieces(self, response: httpx2.Response) -> AsyncIterator[Piece]:
        async for event in httpx2.EventSource(response):
            if event.data == DONE:
                return
            if event.data:
                yield self._sound(self._read(Piece, event.data))
        raise ModelFailed(f"The stream of {self} ended before the answer did.", retryable=True)

    def _sound(self, piece: Piece) -> Piece:
        if piece.error is not None:
            raise ModelFailed(f"{self} broke its answer off: {_said(piece.error)}", retryable=True)
        return piece

    def __str__(self) -> str:
        return f"{self._fixed['model']!r} at {self._url}"

    def _request(self, messages: list[Message], parameters: dict[str, Any]) -> dict[str, Any]:
        said = [message.model_dump(mode="json", exclude_unset=True) for message in messages]
        body = orjson.dumps({**self._fixed, "messages": said, **parameters})
        return {"content": body, "headers": {"content-type": "application/json"}}

    def _read(self, form: type[AnsweredT], text: bytes | str) -> AnsweredT:
        try:
            return form.model_validate_json(text)
        except ValidationError as error:
            where = ".".join(map(str, error.errors()[0]["loc"])) or "its body"
            what = f"The answer of {self} is not of the protocol's form ({where}: {error.errors()[0]['msg']})"
            raise ModelFailed(f"{what}; it begins {_shown(text)!r}.", retryable=True) from None

    def _raise_for_status(self, response: httpx2.Response) -> None:
        status = response.status_code
        if status < HTTPStatus.MULTIPLE_CHOICES:
            return
        retryable = status in RETRYABLE or status >= HTTPStatus.INTERNAL_SERVER_ERROR
        raise ModelFailed(f"{self} answered with status {status}: {_complaint(response.content)}", retryable=retryable)

    def _unreachable(self, error: Exception) -> ModelFailed:
        return ModelFailed(f"The request to {self} failed: {error}.", retryable=True)


def raise_for_refusal(said: Said, reason: str | None) -> None:
    """Raise `ModelFailed` where an answer, or the last piece of one, is a refusal or was stopped by a filter."""
    if said.refusal:
        raise ModelFailed(f"The model refused: {said.refusal}")
    if reason == FILTERED:
        raise ModelFailed("The service's content filter has stopped the answer.")


def _complaint(body: bytes) -> str:
    """What a service says that is wrong, where it says so in one of the usual forms."""
    try:
        return _said(orjson.loads(body)["error"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return _shown(body)


def _said(error: Any) -> str:
    return str(error.get("message", error) if isinstance(error, dict) else error)[:SHOWN_LENGTH]


def _shown(text: bytes | str) -> str:
    shown = text[:SHOWN_LENGTH]
    return shown.decode(errors="replace") if isinstance(shown, bytes) else shown
