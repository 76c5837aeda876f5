"""The clients of JavaScript, each in a process of Node.js that loses its connection while a flow runs."""

import json
import re

import pytest

from tests.clients.node import run
from tests.clients.travels import CLIENTS, assert_whole, read_log
from tests.tidegate.processes import ROOT, Dev

pytestmark = pytest.mark.usefixtures("packages")

SCRIPTS = (
    "apollo",
    "apollo-multipart",
    "graphql-sse",
    "graphql-sse-retry",
    "graphql-ws",
    "graphql-ws-retry",
    "urql",
    "urql-sse",
)


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_client_that_loses_its_connection_resumes_and_has_seen_the_whole_log(service: Dev, script: str) -> None:
    done = run(script, service.url)

    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    seen = json.loads(done.stdout)
    assert (seen["status"], seen["connections"]) == ("COMPLETED", 2)
    assert_whole(seen["events"], read_log(service.url, seen["execution"]))


def test_a_script_that_fails_says_why() -> None:
    done = run("graphql-ws", "http://127.0.0.1:1/graphql")

    assert done.returncode != 0
    assert "ECONNREFUSED" in done.stderr


def test_every_script_is_run() -> None:
    journeys = (path.stem for path in CLIENTS.glob("*.mjs") if "await journey(" in path.read_text())

    assert sorted(journeys) == list(SCRIPTS)


def test_what_the_readme_shows_is_what_the_scripts_do() -> None:
    blocks = re.findall(r"```js\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    scripts = [unindented(path.read_text()) for path in CLIENTS.glob("*.mjs")]

    assert len(blocks) == 3
    for block in blocks:
        assert any(unindented(block) in script for script in scripts), block


def test_the_lock_file_names_no_registry() -> None:
    assert "resolved" not in (CLIENTS / "package-lock.json").read_text()


def unindented(text: str) -> str:
    return "\n".join(line.strip().removeprefix("export ") for line in text.splitlines())
