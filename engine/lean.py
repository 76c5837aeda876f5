"""Libraries whose packages bring a command line along, without it.

They import it, with all that draws on a terminal, whenever they are imported: a quarter of the time in which a worker
starts. Here they find an empty module in its place.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType


@contextmanager
def _without(module: str) -> Iterator[None]:
    if module in sys.modules:
        yield
        return
    sys.modules[module] = ModuleType(module)
    try:
        yield
    finally:
        # Whoever wants the command line itself still gets it.
        del sys.modules[module]


with _without("cel.cli"):
    import cel
with _without("httpx._main"):
    import httpx

__all__ = ["cel", "httpx"]
