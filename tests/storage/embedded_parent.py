"""A process that starts both servers, writes a row, says that it is ready, and stays."""

import asyncio
import sys

import asyncpg

from storage.embedded import EmbeddedPostgres, EmbeddedValkey


async def main(data_dir: str) -> None:
    async with EmbeddedPostgres(data_dir) as postgres, EmbeddedValkey(data_dir) as valkey:
        connection = await asyncpg.connect(postgres.url)
        await connection.execute("CREATE TABLE kept (value int)")
        await connection.execute("INSERT INTO kept VALUES (42)")
        print(postgres.url, valkey.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
