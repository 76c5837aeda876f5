"""The key for secrets that `tidegate dev` makes for itself."""

import base64
import os
from pathlib import Path

from storage.embedded.errors import folder_errors
from storage.keyring import KEY_BYTES
from tidegate.settings import SECRET_KEYS


def own_keys(data_dir: Path) -> dict[str, str]:
    """The variable of the environment that has the key of a data folder, which is made at the first start."""
    path = data_dir / "secret-keys"
    with folder_errors(path):
        if not path.exists():
            _make(path)
        return {SECRET_KEYS: path.read_text().strip()}


def _make(path: Path) -> None:
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    with open(unfinished, "x", opener=lambda name, flags: os.open(name, flags, mode=0o600)) as file:
        file.write(f"dev:{base64.b64encode(os.urandom(KEY_BYTES)).decode()}\n")
    unfinished.replace(path)
