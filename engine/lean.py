"""The library of CEL without the command line that its package brings along.

It imports that, with all that draws on a terminal, whenever it is imported: a quarter of the time in which a worker
starts. Here it finds an empty module in its place.
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

__all__ = ["cel"]
