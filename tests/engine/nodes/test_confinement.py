"""Confined work: it is ended when it is too much, and its children are kept and replaced."""

import asyncio
import importlib
import io
import os
import signal
import sys
from dataclasses import replace
from types import SimpleNamespace
from unittest.mock import Mock

import orjson
import psutil
import pytest

from engine import confinement
from engine.confinement import TASKS, Exceeded, confined
from engine.errors import NodeError
from tests.eventually import eventually

ENDLESS = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"


def _idle_processes() -> list[int]:
    return [child._process.pid for child in confinement._idle]


@pytest.fixture(autouse=True)
def _no_idle_children() -> None:
    confinement._close_idle()


@pytest.fixture(autouse=True)
def _only_templates_are_ended_soon(hasty: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new child can take a second to begin where other tests run beside this one."""
    monkeypatch.setitem(TASKS, "evaluate", replace(TASKS["evaluate"], seconds=60))


async def _evaluate(text: str) -> object:
    return await confined("evaluate", text=text, values={})


async def test_a_child_is_asked_again() -> None:
    assert await _evaluate("[1].map(x, x)") == [1]
    children = _idle_processes()
    assert await _evaluate("[2].map(x, x)") == [2]
    assert _idle_processes() == children


async def test_a_failure_comes_back_as_it_was_raised() -> None:
    with pytest.raises(NodeError, match="division by zero") as caught:
        await _evaluate("1 / 0")
    assert caught.value.failure_code == "NODE"
    assert len(_idle_processes()) == 1


async def test_a_result_that_json_lacks_is_said_to_be_so() -> None:
    with pytest.raises(NodeError, match="cannot be stored") as caught:
        await confined("render", text="{% set x = 1 %}{{ '\\ud800' }}", values={})
    assert caught.value.failure_code == "PAYLOAD"


async def test_a_child_that_was_ended_is_replaced() -> None:
    with pytest.raises(Exceeded, match="1 s"):
        await confined("render", text=ENDLESS, values={})
    assert _idle_processes() == []
    assert await _evaluate("1") == 1


def test_what_a_child_imports_for_its_first_work_takes_none_of_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    load, request = importlib.import_module, orjson.dumps(["evaluate", {"text": "1", "values": {}}, 10])
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=[request]))
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=io.BytesIO()))
    monkeypatch.setattr(confinement, "resource", Mock())
    monkeypatch.setattr(confinement, "signal", Mock(alarm=lambda seconds: done.append(f"alarm {seconds}")))
    monkeypatch.setattr(confinement, "importlib", Mock(import_module=lambda name: done.append(name) or load(name)))
    confinement.main()
    assert done == ["engine.cel", "alarm 10", "alarm 0"]


async def test_an_idle_child_that_was_killed_is_not_asked() -> None:
    await _evaluate("1")
    (child,) = _idle_processes()
    os.kill(child, signal.SIGKILL)
    await eventually(lambda: _is_gone(child))
    assert await _evaluate("2") == 2
    assert child not in _idle_processes()


async def test_work_goes_on_beside_work_that_has_to_be_ended() -> None:
    # Two children are ready then, so that none has to begin while the other one works.
    await asyncio.gather(_evaluate("1"), _evaluate("2"))
    endless = asyncio.create_task(confined("render", text=ENDLESS, values={}))
    assert await _evaluate("7") == 7
    assert not endless.done()
    with pytest.raises(Exceeded):
        await endless


@pytest.mark.skipif(sys.platform != "linux", reason="the environment is read from /proc")
async def test_a_child_has_none_of_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://canary")
    await _evaluate("1")
    (child,) = _idle_processes()
    with open(f"/proc/{child}/environ", "rb") as environment:
        assert b"canary" not in environment.read()


async def test_a_child_ends_with_the_process_that_started_it() -> None:
    program = (
        "import asyncio; from engine import confinement as c; "
        "asyncio.run(c.confined('evaluate', text='1', values={})); "
        "print(c._idle[0]._process.pid, flush=True); import os; os.kill(os.getpid(), 9)"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    assert process.returncode == -signal.SIGKILL
    await eventually(lambda: _is_gone(int(output)))


def _is_gone(pid: int) -> bool:
    """Whether a process has ended, though nobody may have asked for its exit code yet."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
