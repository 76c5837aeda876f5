"""A run as a person watches it: a line for each node that has ended, and below them what is going on."""

import asyncio
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import orjson
from rich.console import Console, Group, RenderableType
from rich.highlighter import JSONHighlighter
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from tidegate.control_lines import PAUSED, control_line
from tidegate.event_stream import Batch
from tidegate.printable import printable
from tidegate.run_figures import Figures
from tidegate.run_lines import duration, event_line, node_line
from tidegate.run_report import left_alone

FRAME = 0.1
SHOWN_BUSY = 8
BAR_WIDTH = 30

STYLES = {"COMPLETED": "bold green", "FAILED": "bold red", "STOPPED": "bold yellow"}


class LiveReport:
    """Shows a run of a flow that has `total` nodes; on what is no terminal, only the lasting lines."""

    def __init__(self, name: str, total: int, console: Console | None = None) -> None:
        self._name = name
        self._console = console or Console(highlight=False, soft_wrap=True)
        self._figures = Figures(total)
        self._began = time.monotonic()
        self._status = "CREATED"
        self._trouble = ""
        self._live = Live(console=self._console, auto_refresh=False, transient=True, get_renderable=self._frame)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Show the run from now until the context ends."""
        ticking = asyncio.create_task(self._tick())
        try:
            with self._live:
                yield
        finally:
            ticking.cancel()
        self._conclude()

    def created(self, execution_id: str) -> None:
        """Say what runs."""
        self._console.print(Text.assemble((printable(self._name), "bold"), (f"  {execution_id}", "bright_black")))

    def batch(self, batch: Batch) -> None:
        """Show what the events tell."""
        self._status, self._trouble = batch.status, ""
        for event in batch.events:
            self._figures.take(event)
        # Printed together, because each print draws what is below anew.
        if lines := [line for event in batch.events if (line := event_line(event) or control_line(event))]:
            self._console.print(Group(*lines))

    def dropped(self, reason: str) -> None:
        """Say that the connection is made again."""
        self._trouble = f"connection lost ({reason}); connecting again"

    def left(self, execution_id: str) -> None:
        """Say that the execution goes on without us."""
        self._console.print(left_alone(execution_id))

    async def _tick(self) -> None:
        while True:
            if self._console.is_terminal:
                self._live.refresh()
            await asyncio.sleep(FRAME)

    # --- while it runs ------------------------------------------------------------------------------------------------

    def _frame(self) -> Group:
        lines: list[RenderableType] = [*self._busy_lines(), *self._remarks(), self._bar()]
        return Group(*lines, *[Text(self._trouble, "yellow")] * bool(self._trouble))

    def _remarks(self) -> list[Text]:
        """What holds up the run as a whole."""
        figures = self._figures
        family = f"… {figures.children_ended} of {figures.children} child executions have ended"
        waiting = [Text(family, "yellow")] * (figures.children_ended < figures.children)
        return [*waiting, *[Text(f"‖ {PAUSED}", "yellow")] * (self._status == "PAUSED")]

    def _busy_lines(self) -> list[Text]:
        now = self._figures.clock()
        shown = list(self._figures.busy.items())[:SHOWN_BUSY]
        lines = [
            node_line(
                "…" if busy.waiting else "▸",
                "yellow" if busy.waiting else "blue",
                id_,
                busy.node_type,
                duration((now - busy.since) * 1000),
                busy.waits or busy.said,
            )
            for id_, busy in shown
        ]
        hidden = len(self._figures.busy) - len(shown)
        return [*lines, Text(f"  and {hidden} more", "bright_black")] if hidden else lines

    def _bar(self) -> Table:
        figures = self._figures
        elapsed = duration((time.monotonic() - self._began) * 1000)
        row = Table.grid(padding=(0, 1))
        row.add_row(
            ProgressBar(total=max(figures.total, 1), completed=figures.ended, width=BAR_WIDTH),
            f"{figures.ended}/{figures.total} nodes",
            Text(elapsed, "bright_black"),
            Text(self._status, "bright_black"),
        )
        return row

    # --- at its end ---------------------------------------------------------------------------------------------------

    def _conclude(self) -> None:
        self._console.print(self._summary())
        for name, value in (self._figures.outputs or {}).items():
            self._print_output(name, value)

    def _summary(self) -> Text:
        figures = self._figures
        counts = [f"{figures.completed} of {figures.total} nodes completed"]
        counts += [f"{figures.failed} failed"] * bool(figures.failed)
        counts += [f"{figures.skipped} skipped"] * bool(figures.skipped)
        took = f" in {duration(figures.execution_time)}" if figures.execution_time is not None else ""
        line = Text.assemble((self._status, STYLES.get(self._status, "bold")), took, ": ", ", ".join(counts))
        return line.append_text(_blame(figures.error)) if figures.error else line

    def _print_output(self, name: str, value: Any) -> None:
        self._console.print(Text(f"\n{printable(name)}", "bold"))
        if isinstance(value, str):
            self._console.print(Text(printable(value.rstrip("\n"))))
        else:
            text = orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
            self._console.print(JSONHighlighter()(Text(printable(text))))


def _blame(error: Mapping[str, Any]) -> Text:
    place = f"node {error['nodeId']}: " if error.get("nodeId") else ""
    return Text(f"\n{place}{printable(error['message'])} ({error['code']})", "red")
