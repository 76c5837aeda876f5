"""A planted secret, nodes that are careless with it, and a search for it in all that is kept anywhere."""

import base64
from urllib.parse import quote

import asyncpg
import orjson
from redis.asyncio import Redis

from engine.node import Context, Input, Node, Output
from engine.nodes import BUILT_IN
from engine.ports import Secret
from engine.registry import Registry

CANARY = 'the/canary+sings:"4711\\'


class CarelessInput(Input):
    token: Secret
    fails: bool = False


class CarelessOutput(Output):
    texts: list[str]


class Careless(Node[CarelessInput, CarelessOutput]):
    """Tells all that it knows, in every way that it has."""

    type = "test.careless"

    async def run(self, inputs: CarelessInput, context: Context) -> CarelessOutput:
        told = forms(await context.secret(inputs.token))
        for text in told:
            context.log(f"it is {text}")
        if inputs.fails:
            raise ValueError(" ".join(told))
        context.emit("told", {"texts": told})
        return CarelessOutput(texts=told)


REGISTRY = Registry([*BUILT_IN.values(), Careless])


def forms(secret: str) -> list[str]:
    """How a secret may be written down."""
    raw = secret.encode()
    shifted = base64.b64encode(b"user:" + raw).decode()
    return [secret, raw.hex(), base64.b64encode(raw).decode(), quote(secret, safe=""), shifted]


def found_in(text: str) -> list[str]:
    """The forms of the canary that a text has."""
    certain = base64.b64encode(b"user:" + CANARY.encode()).decode()[8:-4]
    escaped = orjson.dumps(CANARY).decode()[1:-1]
    return [form for form in (*forms(CANARY)[:4], certain, escaped) if form in text]


async def all_rows(connection: asyncpg.Connection) -> str:
    """Everything in every row of every table, as it is; bytes also in hex."""
    tables = await connection.fetch("select tablename from pg_tables where schemaname = 'public'")
    found = []
    for table in tables:
        for row in await connection.fetch(f'select * from "{table["tablename"]}"'):
            found += [each.decode("latin-1") + each.hex() if isinstance(each, bytes) else str(each) for each in row]
    return "\n".join(found)


async def all_of_valkey(url: str) -> str:
    """Every key and value, as the server dumps them."""
    async with Redis.from_url(url) as client:
        keys = [key async for key in client.scan_iter()]
        dumped = [await client.dump(key) or b"" for key in keys]
    return b"\n".join([*keys, *dumped]).decode("latin-1")
