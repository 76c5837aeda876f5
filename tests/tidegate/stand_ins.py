"""The servers of `examples/`, which stand in for services of others."""

import runpy
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn

from tests.tidegate.processes import ROOT
from tidegate.listening import address, listen


@dataclass(frozen=True, slots=True)
class StandIn:
    """A running one: its `host:port`, and what its script has made."""

    address: str
    script: dict[str, Any]

    @property
    def url(self) -> str:
        return f"http://{self.address}"


@contextmanager
def stand_in(name: str) -> Iterator[StandIn]:
    """A script's server in a thread of its own."""
    script = runpy.run_path(str(ROOT / "examples" / name))
    server = uvicorn.Server(uvicorn.Config(script["app"], log_level="warning", lifespan="off"))
    with listen("127.0.0.1", 0) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        yield StandIn(address(listener), script)
        server.should_exit = True
        thread.join()
