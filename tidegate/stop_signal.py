"""SIGINT and SIGTERM as something to wait for."""

import asyncio
import signal


class StopSignal:
    """Takes SIGINT and SIGTERM from its creation on: they end nothing by themselves any more."""

    def __init__(self) -> None:
        self._received = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self._received.set)

    async def wait(self, working: asyncio.Task[None]) -> None:
        """Wait until this process is asked to end, or until `working` ends; raises what that raised."""
        waiting = asyncio.create_task(self._received.wait())
        await asyncio.wait([waiting, working], return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if working.done():
            await working
