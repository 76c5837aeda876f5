"""A client that does not give up: it asks any of the APIs until one answers, as a careful client does."""

import asyncio
import json
import random
from collections.abc import Callable, Sequence
from typing import Any

import httpx

from tests.faults.service import ApiProcess

PATIENCE = 45.0
ANSWER_SECONDS = 5.0
RETRY_SECONDS = 0.05
OUT_OF_ORDER = ("INTERNAL_SERVER_ERROR", "SERVICE_UNAVAILABLE")
"""What an API says that cannot do its work just now."""


class Refused(Exception):
    """The service has refused a request; `is_certain` unless an earlier try of it may have been carried out."""

    def __init__(self, errors: Any, is_certain: bool) -> None:
        super().__init__(errors)
        self.code = errors[0]["extensions"]["code"]
        self.is_certain = is_certain


class Gateway:
    """Asks; `apis` are those that there are at the moment."""

    def __init__(self, apis: Callable[[], Sequence[ApiProcess]], chance: random.Random) -> None:
        self._apis = apis
        self._chance = chance
        self._http = httpx.AsyncClient(timeout=ANSWER_SECONDS)

    def some_api(self) -> ApiProcess:
        """One of the APIs."""
        return self._chance.choice(self._apis())

    async def close(self) -> None:
        await self._http.aclose()

    async def ask(self, query: str, **variables: Any) -> Any:
        """The data of the first answer; raises `Refused`, or TimeoutError when nobody answers for long."""
        tries = 0
        async with asyncio.timeout(PATIENCE):
            while True:
                tries += 1
                answer = await self._try(query, variables)
                if answer and "errors" not in answer:
                    return answer["data"]
                if answer and answer["errors"][0].get("extensions", {}).get("code") not in OUT_OF_ORDER:
                    raise Refused(answer["errors"], is_certain=tries == 1)
                await asyncio.sleep(RETRY_SECONDS)

    async def _try(self, query: str, variables: dict[str, Any]) -> Any:
        """The answer, or None if there is none."""
        body = json.dumps({"query": query, "variables": variables})
        try:
            response = await self._http.post(
                self.some_api().url, content=body, headers={"content-type": "application/json"}
            )
            return response.json()
        except (httpx.HTTPError, ValueError):
            return None
