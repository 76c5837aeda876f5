"""Queries and mutations to a Tidegate server over HTTP."""

import re
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx2
import orjson

from engine.errors import BadUserInput, ServiceUnavailable, TidegateError
from tidegate.commands.arguments import DEFAULT_URL
from tidegate.loopback import is_this_machine

TIMEOUT = 30.0


class Refused(TidegateError):
    """The server refused the request.

    `reason` is the code of its first error, such as NOT_FOUND; `problems` are the codes of what is wrong with a flow.
    """

    def __init__(self, errors: Sequence[Mapping[str, Any]]) -> None:
        super().__init__("; ".join(str(error.get("message", error)) for error in errors))
        extensions: Mapping[str, Any] = (errors[0].get("extensions") or {}) if errors else {}
        self.reason = str(extensions.get("code", ""))
        self.problems = [str(problem["code"]) for problem in extensions.get("problems", ())]


class NotTidegate(ServiceUnavailable):
    """What answers at the URL is no Tidegate server."""

    def __init__(self, url: str, answer: str) -> None:
        super().__init__(f"{url} answered {answer}; it should be the /graphql address of a Tidegate server.")


class NoServer(ServiceUnavailable):
    """Nobody answers at the URL."""

    def __init__(self, url: str) -> None:
        super().__init__(f"No server answers at {url}. Start one with: tidegate dev")


class Client:
    """A GraphQL client for `url` that shows a `token`, if it has one; used as an async context manager."""

    def __init__(self, url: str = DEFAULT_URL, token: str | None = None) -> None:
        self.url = checked_url(url)
        self.token = checked_token(token)
        self._http = httpx2.AsyncClient(timeout=TIMEOUT, trust_env=not is_this_machine(url))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def ask(self, operation: str, **variables: Any) -> Any:
        """Run a query or mutation and give its `data`; raises `Refused`, `NoServer` or `NotTidegate`."""
        answer = await self._post(orjson.dumps({"query": operation, "variables": variables}))
        try:
            body = orjson.loads(answer.content)
            errors, data = body.get("errors"), body.get("data")
        except (orjson.JSONDecodeError, AttributeError):
            raise NotTidegate(self.url, f"HTTP {answer.status_code}") from None
        if errors or data is None:
            raise Refused(errors or [{"message": f"HTTP {answer.status_code} without data"}])
        return data

    async def _post(self, body: bytes) -> httpx2.Response:
        headers = {"content-type": "application/json", "accept": "application/graphql-response+json"}
        headers |= {"authorization": f"Bearer {self.token}"} if self.token else {}
        try:
            return await self._http.post(self.url, content=body, headers=headers)
        except httpx2.TimeoutException:
            raise NotTidegate(self.url, f"nothing for {TIMEOUT:.0f} s") from None
        except httpx2.TransportError:
            raise NoServer(self.url) from None


def checked_url(url: str) -> str:
    """The URL itself; raises `BadUserInput` for what is no http(s) URL."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadUserInput(f"{url!r} is no URL; it should be like {DEFAULT_URL}.")
    return url


def checked_token(token: str | None) -> str | None:
    """The token itself, None for an empty one; raises `BadUserInput`, which does not show it, for what is no token."""
    if token and not re.fullmatch(r"[\w.~+/=-]+", token, re.ASCII):
        raise BadUserInput("What was given as the token is none.")
    return token or None
