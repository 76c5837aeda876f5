"""Tokens that this installation makes for itself."""

import re
import time
from collections.abc import Sequence

import jwt

from engine.errors import BadUserInput
from tidegate.settings import SECRET, MissingSetting, Settings

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
LONGEST_SECONDS = 365 * 86_400


def own_token(settings: Settings, subject: str, roles: Sequence[str], seconds: int) -> str:
    """A token for a user that the settings' secret verifies; raises `MissingSetting`."""
    if settings.jwt_secret is None:
        raise MissingSetting("TIDEGATE_JWT_SECRET", SECRET)
    now = int(time.time())
    claims = {"sub": subject, "name": subject, "roles": list(roles), "iat": now, "exp": now + seconds}
    claims |= {"aud": settings.jwt_audience} if settings.jwt_audience else {}
    claims |= {"iss": settings.jwt_issuer} if settings.jwt_issuer else {}
    return jwt.encode(claims, settings.jwt_secret, algorithm="HS256")


def read_duration(text: str) -> int:
    """The seconds of a text such as `90s`, `15m`, `1h` or `7d`; raises `BadUserInput`."""
    match = re.fullmatch(r"(\d{1,9})([smhd])", text)
    seconds = int(match[1]) * SECONDS[match[2]] if match else 0
    if not 1 <= seconds <= LONGEST_SECONDS:
        raise BadUserInput(f"{text!r} is no time such as 90s, 15m, 1h or 7d, of at most a year.", field="expires")
    return seconds
