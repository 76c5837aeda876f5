"""The account that Postgres runs under: it refuses to run as root."""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from storage.embedded.errors import EmbeddedServerError

UNPRIVILEGED = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """A user of the operating system, by its numbers."""

    uid: int
    gid: int


def account_for(data: Path) -> Account | None:
    """The account to run on `data`: its owner's, else an unprivileged one; None where we are not root."""
    if os.geteuid() != 0:
        return None
    owner = data.stat().st_uid if data.exists() else 0
    if owner:
        return Account(owner, data.stat().st_gid)
    return _unprivileged()


def _unprivileged() -> Account:
    for name in UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise EmbeddedServerError(
        "Postgres does not run as root, and there is no user 'postgres' or 'nobody'. "
        "Run this as another user, or set DATABASE_URL."
    )


def can_enter(account: Account, folder: Path) -> bool:
    """Whether the modes of `folder` and all its parents let `account` pass through."""
    folder = folder.resolve()
    return all(permits(account, place, os.X_OK) for place in (folder, *folder.parents))


def permits(account: Account, path: Path, wanted: int) -> bool:
    """Whether the mode of `path` alone grants `account` the bits of `wanted` (os.R_OK, os.X_OK)."""
    status = path.stat()
    if status.st_uid == account.uid:
        shift = 6
    elif status.st_gid == account.gid:
        shift = 3
    else:
        shift = 0
    return (status.st_mode >> shift) & wanted == wanted
