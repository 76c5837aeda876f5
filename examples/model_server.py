"""Stands in for a language model, so that the examples with AI nodes run without one.

It speaks the protocol of OpenAI's chat completions: streams, structured answers and calls of tools.

    .venv/bin/python examples/model_server.py --port 8199

It has no wits. It answers with the first words of what it was told last; where a form is asked for, with the smallest
value of that form; and a line `CALL name {"argument": 1}` makes it call that tool, after which it repeats what the
tools have said.
"""

import argparse
import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

WORDS = 12
WORD_SECONDS = 0.02
CALL = re.compile(r"^CALL (\S+) (\{.*\})$", re.MULTILINE)
SMALLEST: dict[str, Any] = {"string": "", "integer": 0, "number": 0, "boolean": False, "array": [], "null": None}


async def complete(request: Request) -> Response:
    """One completion, whole or streamed."""
    asked = await request.json()
    message = answer(asked)
    usage = {"prompt_tokens": words(asked["messages"]), "completion_tokens": words([message])}
    if asked.get("stream"):
        return StreamingResponse(slowly(pieces_of(message, usage)), media_type="text/event-stream")
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if "tool_calls" in message else "stop"}
    return JSONResponse({"object": "chat.completion", "model": asked["model"], "choices": [choice], "usage": usage})


def answer(asked: dict[str, Any]) -> dict[str, Any]:
    """What the model says next."""
    last = asked["messages"][-1]
    if last["role"] == "tool":
        return said("The tools said: " + "; ".join(results(asked["messages"])))
    if calls := CALL.findall(str(last["content"])) if asked.get("tools") else []:
        return {"role": "assistant", "content": None, "tool_calls": [call(*each) for each in enumerate(calls)]}
    if form := asked.get("response_format"):
        return said(json.dumps(smallest(form["json_schema"]["schema"])))
    return said(" ".join(str(last["content"]).split()[:WORDS]))


def said(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


def call(index: int, called: tuple[str, str]) -> dict[str, Any]:
    return {"id": f"call_{index}", "type": "function", "function": {"name": called[0], "arguments": called[1]}}


def results(messages: list[dict[str, Any]]) -> list[str]:
    return [str(message["content"]) for message in messages if message["role"] == "tool"]


def smallest(schema: dict[str, Any]) -> Any:
    """The smallest value of a simple form."""
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "object":
        return {name: smallest(each) for name, each in schema.get("properties", {}).items()}
    return SMALLEST.get(schema.get("type", "null"))


def pieces_of(message: dict[str, Any], usage: dict[str, int]) -> Iterator[str]:
    """The events of a stream: a word each, then the reason of the end, then the usage."""
    for word in re.findall(r"\s*\S+", message["content"]):
        yield event({"choices": [{"index": 0, "delta": {"content": word}}]})
    yield event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    yield event({"choices": [], "usage": usage})
    yield "data: [DONE]\n\n"


async def slowly(events: Iterator[str]) -> AsyncIterator[str]:
    """As a model speaks."""
    for each in events:
        yield each
        await asyncio.sleep(WORD_SECONDS)


def event(data: dict[str, Any]) -> str:
    return f"data: {json.dumps({'object': 'chat.completion.chunk', **data})}\n\n"


def words(messages: list[dict[str, Any]]) -> int:
    return sum(len(str(message.get("content") or "").split()) for message in messages)


app = Starlette(routes=[Route("/v1/chat/completions", complete, methods=["POST"])])

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=8199)
    uvicorn.run(app, host="127.0.0.1", port=parser.parse_args().port)
