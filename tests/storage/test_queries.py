"""Files of queries: what their sections mean, and that Postgres understands every query."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio

from storage.queries import FOLDER, SHARED, load, parse

FILE = """
-- name: one
-- The number one.
select 1;

-- fragment: small
-- What is below three.
where n < 3

-- name: numbers
-- Small numbers,
-- in no order.
select n from generate_series(1, 9) as n
-- include: small
"""


def test_a_query_is_its_section_without_the_description() -> None:
    assert parse(FILE)["one"] == "select 1;"


def test_a_fragment_stands_where_it_is_included_and_is_no_query() -> None:
    queries = parse(FILE)
    assert queries["numbers"] == "select n from generate_series(1, 9) as n\nwhere n < 3"
    assert set(queries) == {"one", "numbers"}


@pytest.mark.parametrize("text", [FILE + FILE, "-- name: one\nselect 1;"], ids=["twice", "undescribed"])
def test_a_section_that_comes_twice_or_is_not_described_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="The section one"):
        parse(text)


def test_an_unknown_fragment_or_query_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        parse("-- name: one\n-- The number one.\nselect 1\n-- include: nothing")
    with pytest.raises(KeyError):
        parse(FILE)["two"]


FILES = sorted(path.stem for path in FOLDER.glob("*.sql") if path.stem != SHARED)
QUERIES = [(file, name) for file in FILES for name in load(file)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def reader(shared_database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection that changes nothing."""
    opened = await asyncpg.connect(shared_database_url)
    yield opened
    await opened.close()


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("file", "name"), QUERIES)
async def test_postgres_understands_every_query(reader: asyncpg.Connection, file: str, name: str) -> None:
    try:
        await reader.prepare(load(file)[name])
    except asyncpg.PostgresError as error:
        pytest.fail(f"{file}.sql, {name}: {error}")
