"""Keys for secrets, for tests."""

from storage.keyring import KEY_BYTES, KeyRing

OLD, NEW = b"o" * KEY_BYTES, b"n" * KEY_BYTES
KEYS = KeyRing({"old": OLD})
BOTH = KeyRing({"new": NEW, "old": OLD})
NEW_ONLY = KeyRing({"new": NEW})
