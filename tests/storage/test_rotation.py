"""Secrets are sealed again with the first key, whatever happens meanwhile."""

import asyncio

import asyncpg
import pytest

import storage.rotation
from engine.errors import UnknownKey
from storage.flows import create_flow
from storage.keyring import NO_KEYS, KeyRing
from storage.rotation import rotate
from storage.secrets import put_secret, read_secret
from storage.transaction import transaction
from storage.webhooks import create_webhook, receiver
from tests.keys import BOTH, KEYS, NEW_ONLY


async def put(pool: asyncpg.Pool, keys: KeyRing, *names: str, value: str = "value") -> None:
    for name in names:
        async with transaction(pool) as connection:
            await put_secret(connection, keys, owner_id="ada", name=name, value=f"{value} of {name}")


async def read(pool: asyncpg.Pool, keys: KeyRing, name: str) -> str | None:
    async with pool.acquire() as connection:
        return await read_secret(connection, keys, "ada", name)


async def test_after_a_rotation_the_old_key_is_not_needed(pool: asyncpg.Pool) -> None:
    names = [f"n{number}" for number in range(7)]
    await put(pool, KEYS, *names)
    with pytest.raises(UnknownKey):
        await read(pool, NEW_ONLY, "n3")
    stored = "select updated_at from secrets order by id"
    before = await pool.fetch(stored)
    assert (await rotate(pool, BOTH, batch=3)).sealed == 7
    assert [await read(pool, NEW_ONLY, name) for name in names] == [f"value of {name}" for name in names]
    assert await pool.fetch(stored) == before
    assert (await rotate(pool, BOTH)).sealed == 0


async def test_a_rotation_that_was_ended_goes_on_where_it_was(
    pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(pool, KEYS, *"abcde")
    seal_again, batches = storage.rotation.seal_again, iter(range(2))

    async def once(*arguments: object) -> None:
        if next(batches):
            raise ConnectionError("ended")
        await seal_again(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(storage.rotation, "seal_again", once)
    with pytest.raises(ConnectionError):
        await rotate(pool, BOTH, batch=2)
    monkeypatch.undo()
    assert (await rotate(pool, BOTH, batch=2)).sealed == 3
    assert [await read(pool, NEW_ONLY, name) for name in "abcde"] == [f"value of {name}" for name in "abcde"]


async def test_what_others_write_meanwhile_is_kept_and_sealed_again(
    pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(pool, KEYS, "a", "b")
    sealed_otherwise, writing = storage.rotation.sealed_otherwise, []

    async def with_writers(*arguments: object, **options: object) -> list[asyncpg.Record]:
        rows = await sealed_otherwise(*arguments, **options)  # type: ignore[arg-type]
        if rows and not writing:
            # These wait for the lock of the batch, and then write with the old key what the round has passed by.
            writing.append(asyncio.create_task(put(pool, KEYS, "a", "c", value="newer")))
        return rows

    monkeypatch.setattr(storage.rotation, "sealed_otherwise", with_writers)
    first = await rotate(pool, BOTH, batch=1)
    await writing[0]
    monkeypatch.undo()
    assert first.sealed + (await rotate(pool, BOTH)).sealed >= 3
    expected = {"a": "newer of a", "b": "value of b", "c": "newer of c"}
    assert {name: await read(pool, NEW_ONLY, name) for name in expected} == expected


async def test_what_cannot_be_opened_is_named_and_left_as_it_is(pool: asyncpg.Pool) -> None:
    await put(pool, KEYS, *"abc")
    await pool.execute("update secrets set key_id = 'lost' where name = 'a'")
    await pool.execute("update secrets set sealed = sealed || '\\x00'::bytea where name = 'b'")
    broken = "select key_id, sealed from secrets where name <> 'c' order by name"
    before = await pool.fetch(broken)
    rotation = await rotate(pool, BOTH, batch=1)
    assert rotation.sealed == 1
    assert rotation.failures.keys() == {("ada", "a"), ("ada", "b")}
    assert "'lost'" in rotation.failures["ada", "a"]
    assert "was changed" in rotation.failures["ada", "b"]
    assert await pool.fetch(broken) == before


async def test_signing_keys_of_webhooks_are_sealed_again_also_where_they_were_not_sealed(pool: asyncpg.Pool) -> None:
    async with transaction(pool) as connection:
        flow = await create_flow(connection, owner_id="ada", name="F", description=None, document={}, node_types={})
        made = {
            (
                await create_webhook(connection, keys, flow_id=flow.id, owner_id="ada", event_name="x", signing_key=key)
            ).id: key
            for keys, key in ((NO_KEYS, b"one"), (KEYS, b"two"))
        }
    assert (await rotate(pool, BOTH)).sealed == 2
    async with pool.acquire() as connection:
        found = {id: await receiver(connection, NEW_ONLY, id) for id in made}
        with pytest.raises(UnknownKey):
            await receiver(connection, KEYS, next(iter(made)))
    assert {id: each.signing_key for id, each in found.items() if each} == made
