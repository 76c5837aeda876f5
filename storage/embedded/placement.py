"""Where Postgres' folder is: in the data folder, unless its account cannot get there."""

import secrets
from pathlib import Path

from storage.embedded import binaries
from storage.embedded.account import Account, can_enter
from storage.embedded.errors import EmbeddedServerError

POINTER = "postgres-is-at"


def postgres_folder(data_dir: Path, account: Account | None) -> Path:
    """The folder for Postgres under `data_dir`, or the one that a pointer file in it names.

    Postgres under another account must pass through every parent of its data, but a folder such as /root
    is closed to it. Opening it would expose what is not ours, so the data goes to a place that root owns
    and everybody may pass through. Its name is random, not derived from `data_dir`: who deletes the data
    folder to begin anew must not find the old data again.
    """
    inside = data_dir / "postgres"
    if (data_dir / POINTER).exists():
        return _pointed_at(data_dir / POINTER)
    if account is None or (inside / "data").exists() or can_enter(account, data_dir):
        return inside
    return _outside(data_dir / POINTER)


def _pointed_at(pointer: Path) -> Path:
    folder = Path(pointer.read_text().strip())
    # Beginning anew here would look like the loss of everything.
    if not folder.is_dir():
        raise EmbeddedServerError(
            f"{pointer} says that the data is in {folder}, which is gone. "
            "Bring that folder back, or delete the file to begin with an empty database."
        )
    return folder


def _outside(pointer: Path) -> Path:
    binaries.make_shared()
    folder = binaries.SHARED / f"data-{secrets.token_hex(8)}"
    folder.mkdir()
    folder.chmod(0o711)
    pointer.write_text(f"{folder}\n")
    return folder
