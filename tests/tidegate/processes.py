"""`tidegate` as real processes."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

OWN_NODES = "tests.tidegate.own_nodes"
COMMAND = (sys.executable, "-P", "-m", "tidegate")
ROOT = Path(__file__).parents[2]
DEADLINE = 120.0
GONE_WITHIN = 60.0

_URL = re.compile(r"GraphQL +(http://\S+)")


def environment(**variables: str) -> dict[str, str]:
    """Ours without any setting, with these."""
    kept = {
        name: text for name, text in os.environ.items() if not name.startswith(("TIDEGATE_", "DATABASE_", "REDIS_"))
    }
    return {**kept, **variables}


def tidegate(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=ROOT,
        env=environment(**variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )


class Dev:
    """A running `tidegate dev`."""

    def __init__(self, data_dir: Path, *arguments: str, **variables: str) -> None:
        self.data_dir = data_dir
        self._log = data_dir.with_suffix(".log").open("w+")
        self.process = subprocess.Popen(
            [*COMMAND, "dev", "--port", "0", "--data-dir", str(data_dir), *arguments],
            cwd=ROOT,
            env=environment(**variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        self.summary = self._read_summary()
        found = _URL.search(self.summary)
        assert found, f"{self.summary}\n{self.log}"
        self.url = found[1]

    def at(self, path: str) -> str:
        """The URL of another path of its server."""
        return f"{self.url.removesuffix('/graphql')}{path}"

    @property
    def log(self) -> str:
        """What it said on stderr."""
        return Path(self._log.name).read_text()

    @property
    def family(self) -> list[psutil.Process]:
        """All its processes, itself first."""
        own = psutil.Process(self.process.pid)
        return [own, *own.children(recursive=True)]

    def program(self, words: str) -> psutil.Process | None:
        """The first of its processes with these words in its command, watchdogs left out."""
        for process in self.family:
            command = _command(process)
            if words in command and "watchdog.py" not in command:
                return process
        return None

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a client command against it."""
        return tidegate(*arguments, "--url", self.url)

    def end(self, number: signal.Signals) -> list[psutil.Process]:
        """Send it a signal; gives what of it is left after a while."""
        family = self.family
        self.process.send_signal(number)
        self.process.wait(GONE_WITHIN)
        return psutil.wait_procs(family, GONE_WITHIN)[1]

    def close(self) -> None:
        """End it if it has not ended."""
        if self.process.poll() is None:
            self.end(signal.SIGTERM)
        assert self.process.stdout
        self.process.stdout.close()
        self._log.close()

    def _read_summary(self) -> str:
        assert self.process.stdout
        watchdog = threading.Timer(DEADLINE, self.process.kill)
        watchdog.start()
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if line.startswith("Ctrl-C"):
                break
        watchdog.cancel()
        return "".join(lines)


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        # It is ending, or a zombie.
        return ""


@contextmanager
def dev(data_dir: Path, *arguments: str, **variables: str) -> Iterator[Dev]:
    """`tidegate dev` for the length of a test."""
    running = Dev(data_dir, *arguments, **variables)
    try:
        yield running
    finally:
        running.close()
