"""The secrets that a test gives."""

from collections.abc import Mapping
from dataclasses import dataclass

from engine.reach import find_no_secret


@dataclass(frozen=True, slots=True)
class Vault:
    """Secrets by name."""

    secrets: Mapping[str, str]

    async def find(self, name: str) -> str:
        """As `FindSecret`."""
        return self.secrets[name] if name in self.secrets else await find_no_secret(name)
