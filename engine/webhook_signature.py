"""Signatures of messages that come to webhooks, by the Standard Webhooks specification (version v1, symmetric).

A key is shown as `whsec_` and base64. The signature is the HMAC-SHA256 of `id.timestamp.body`; a header may have
several, so that a sender can change its key without losing a message.
"""

import base64
import hmac
import re
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

KEY_BYTES = 32
KEY_PREFIX = "whsec_"
VERSION = "v1,"
TOLERANCE = timedelta(minutes=5)
"""How far the time of a message may be from the time at which it comes, in both directions."""

# Without a full stop: with one, a part of the body could be passed off as the time, and an old message as another one.
_ID = re.compile(r"[!-\-/-~]{1,200}")
_TIMESTAMP = re.compile(r"[0-9]{1,11}")


def new_key() -> bytes:
    """Make a key."""
    return secrets.token_bytes(KEY_BYTES)


def show_key(key: bytes) -> str:
    """Write a key as senders are given it."""
    return KEY_PREFIX + base64.b64encode(key).decode()


def signature(key: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    """The signature of a message as it stands in its header; `timestamp` is in seconds since 1970."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return VERSION + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


def signed_message_id(key: bytes, headers: Mapping[str, str], body: bytes, now: datetime) -> str | None:
    """The id of a message that is signed with this key and of this time; None for any other."""
    message_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not _ID.fullmatch(message_id) or not _TIMESTAMP.fullmatch(timestamp):
        return None
    expected = signature(key, message_id, timestamp, body).encode()
    given = headers.get("webhook-signature", "").split(" ")
    # All are compared, whichever fits, so that the time it takes tells nothing.
    fitting = [hmac.compare_digest(expected, each.encode()) for each in given]
    is_timely = abs(now.timestamp() - int(timestamp)) <= TOLERANCE.total_seconds()
    return message_id if any(fitting) and is_timely else None
