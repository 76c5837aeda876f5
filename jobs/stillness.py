"""The end of a process whose event loop stands still: nothing in it can do anything any more.

The thread that ends it is not Python's, so that it also ends code that lets no other thread run.
"""

import asyncio
import faulthandler

STANDARD_ERROR = 2
"""Not `sys.stderr`, which there is not where a process was started without."""

TURNS = 3
"""How often the loop says, in the time that it may stand still, that it does not."""


async def die_if_still(seconds: float) -> None:
    """For as long as it runs, end the process with exit code 1 once the loop has stood still for so many seconds.

    What each thread was at is then written to standard error, after a line that begins with `Timeout`.
    """
    try:
        while True:
            faulthandler.dump_traceback_later(seconds, exit=True, file=STANDARD_ERROR)
            await asyncio.sleep(seconds / TURNS)
    finally:
        faulthandler.cancel_dump_traceback_later()
