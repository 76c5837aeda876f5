"""Which worker this task belongs to, and which execution it is about, for the log."""

from contextvars import ContextVar

_worker: ContextVar[str | None] = ContextVar("worker id", default=None)
_execution: ContextVar[str | None] = ContextVar("execution id", default=None)


def worker_id() -> str | None:
    """The worker that works here."""
    return _worker.get()


def execution_id() -> str | None:
    """The execution that is being run here."""
    return _execution.get()


def enter_worker(id: str) -> None:
    """From here on this task, and those that it starts, work for a worker."""
    _worker.set(id)


def enter_execution(id: str) -> None:
    """From here on this task, and those that it starts, run an execution."""
    _execution.set(id)
