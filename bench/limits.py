"""Our server with its limits or without: `python -m bench.limits on|off serve …`, as `tidegate serve …`."""

import math
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from unittest.mock import patch

from resolvers.quotas import Quotas
from tidegate.cli import main

ENDLESS = 10**9


@contextmanager
def quotas() -> Iterator[None]:
    """Count each user's operations, as is done where users are known, up to more than anybody can ask."""
    with patch("tidegate.callers.Quotas", partial(Quotas, ENDLESS, ENDLESS)):
        yield


@contextmanager
def no_limits() -> Iterator[None]:
    """Look neither at how long a request is, nor at how much its document asks for."""
    with ExitStack() as patched:
        patched.enter_context(patch("schema.documents.excess", lambda document: None))
        patched.enter_context(patch("schema.documents.TOKEN_LIMIT", None))
        patched.enter_context(patch("resolvers.persisted.TEXT_LIMIT", math.inf))
        patched.enter_context(patch("resolvers.requests.BODY_LIMIT", math.inf))
        yield


if __name__ == "__main__":
    with quotas() if sys.argv[1] == "on" else no_limits():
        sys.exit(main(sys.argv[2:]))
