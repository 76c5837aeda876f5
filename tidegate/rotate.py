"""tidegate secrets rotate: seals what is stored with the first key."""

import sys

from storage.pool import open_pool
from storage.rotation import rotate
from tidegate.migrated import require_migrated
from tidegate.settings import KEYS, SECRET_KEYS, MissingSetting, Settings


async def rotate_keys(settings: Settings) -> int:
    """Seal everything again and say what was done; gives 1 if something could not be.

    Raises `MissingSetting` without keys, and `ServiceUnavailable`.
    """
    keys = settings.secret_keys
    if not keys:
        raise MissingSetting(SECRET_KEYS, KEYS)
    await require_migrated(settings.database)
    pool = await open_pool(settings.database, name="tidegate secrets", size=1)
    try:
        rotation = await rotate(pool, keys)
    finally:
        await pool.close()
    print(f"sealed again with the key {keys.sealing}: {rotation.sealed}")
    for (owner, name), reason in rotation.failures.items():
        print(f"left as it was: {name!r} of {owner!r}. {reason}", file=sys.stderr)
    return 1 if rotation.failures else 0
