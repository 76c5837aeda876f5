"""Brings a database to the tables that this code needs.

Migrations are plain SQL files, `storage/migrations/NNNN_name.sql`, applied in the order of their numbers, each
in a transaction with its row in `schema_migrations`. That transaction first takes an advisory lock and reads
what is applied: so any number of processes may migrate at once, also through a pooler that keeps no sessions.
"""

import hashlib
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import asyncpg

from engine.errors import TidegateError
from storage.pool import CANNOT_CONNECT, CONNECT_TIMEOUT, Connection, unreachable

FOLDER = Path(__file__).parent / "migrations"
LOCK = 0x7469_6465
"""The key of the advisory lock: any number that no other program on the database uses."""

_FILE_NAME = re.compile(r"(\d{4})_[a-z0-9_]+")
_CREATE = """
    CREATE TABLE IF NOT EXISTS schema_migrations (
        version int PRIMARY KEY,
        name text NOT NULL,
        checksum text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
    )
"""


class MigrationError(TidegateError):
    """The database could not be brought up to date."""


class ChangedMigration(MigrationError):
    """A migration that is applied already was edited afterwards."""


class NewerDatabase(MigrationError):
    """The database was migrated by a later version of Tidegate."""


@dataclass(frozen=True)
class Migration:
    """One migration file; `name` is the file's, without its ending."""

    version: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text, in hex."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


class Standing(NamedTuple):
    """The names of the migrations that the database lacks, and of those that it has and this code does not know."""

    missing: list[str]
    newer: list[str]


async def migrate(url: str, folder: Path = FOLDER) -> list[str]:
    """Apply what is missing, and return the names of what this call applied.

    Raises ServiceUnavailable if the database cannot be reached, ChangedMigration, NewerDatabase, and
    MigrationError for a file that fails or is out of order.
    """
    migrations = load(folder)
    applied: list[str] = []
    async with _connected(url) as connection:
        while name := await _apply_next(connection, migrations):
            applied.append(name)
    return applied


async def standing(connection: Connection, folder: Path = FOLDER) -> Standing:
    """How the database's migrations compare with this code's."""
    known = load(folder)
    if not await connection.fetchval("SELECT to_regclass('schema_migrations') IS NOT NULL"):
        return Standing([migration.name for migration in known], [])
    applied = await _applied(connection)
    versions = {migration.version for migration in known}
    return Standing(
        missing=[migration.name for migration in known if migration.version not in applied],
        newer=[name for version, (name, _) in sorted(applied.items()) if version not in versions],
    )


def load(folder: Path = FOLDER) -> list[Migration]:
    """Read the migrations in order; raises MigrationError for a wrong file name or a number given twice."""
    migrations: dict[int, Migration] = {}
    for path in sorted(folder.glob("*.sql")):
        match = _FILE_NAME.fullmatch(path.stem)
        if not match:
            raise MigrationError(f"{path} is not named NNNN_name.sql. Rename it.")
        version = int(match[1])
        if version in migrations:
            raise MigrationError(f"{path.name} has the number of {migrations[version].name}. Give it the next one.")
        migrations[version] = Migration(version, path.stem, path.read_text(encoding="utf-8"))
    return list(migrations.values())


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[Connection]:
    try:
        connection = await asyncpg.connect(url, timeout=CONNECT_TIMEOUT, statement_cache_size=0)
    except CANNOT_CONNECT as error:
        raise unreachable(url, error) from error
    try:
        yield connection
    finally:
        await connection.close()


async def _apply_next(connection: Connection, migrations: Sequence[Migration]) -> str | None:
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
        await connection.execute(_CREATE)
        applied = await _applied(connection)
        _compare(migrations, applied)
        for migration in migrations:
            if migration.version not in applied:
                await _apply(connection, migration)
                return migration.name
    return None


async def _applied(connection: Connection) -> dict[int, tuple[str, str]]:
    rows = await connection.fetch("SELECT version, name, checksum FROM schema_migrations")
    return {row["version"]: (row["name"], row["checksum"]) for row in rows}


def _compare(migrations: Sequence[Migration], applied: Mapping[int, tuple[str, str]]) -> None:
    latest = max(applied, default=0)
    known = {migration.version for migration in migrations}
    if unknown := [name for version, (name, _) in applied.items() if version not in known]:
        raise NewerDatabase(
            f"The database has the migration {max(unknown)}, which this version does not know. "
            "Run the version of Tidegate that made it, or a later one."
        )
    for migration in migrations:
        if migration.version in applied:
            _unchanged(migration, applied[migration.version][1])
        elif migration.version < latest:
            raise MigrationError(f"{migration.name} comes before one that is applied. Give it the next number.")


def _unchanged(migration: Migration, checksum: str) -> None:
    if migration.checksum != checksum:
        raise ChangedMigration(
            f"{migration.name}.sql was edited after it had been applied. Restore it, and put the change in a new one."
        )


async def _apply(connection: Connection, migration: Migration) -> None:
    try:
        await connection.execute(migration.sql)
    except asyncpg.PostgresError as error:
        raise MigrationError(
            f"{migration.name}.sql failed, and nothing of it was kept: {error}. Correct it and migrate again."
        ) from error
    await connection.execute(
        "INSERT INTO schema_migrations (version, name, checksum) VALUES ($1, $2, $3)",
        migration.version,
        migration.name,
        migration.checksum,
    )
