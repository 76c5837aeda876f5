"""The lines of the log: readable ones for people, JSON for machines, and nothing in them that is nobody's business."""

import logging
import sys
from contextvars import copy_context
from typing import Any

import orjson
import pytest
from pydantic import BaseModel, ValidationError

from jobs.whereabouts import enter_execution, enter_worker
from resolvers.request_ids import enter_request
from tidegate.log_lines import JsonLines, TextLines

PASSWORD = "canary-password"


def record(message: str, *arguments: object, exception: bool = False) -> logging.LogRecord:
    info = sys.exc_info() if exception else None
    return logging.LogRecord("jobs.worker", logging.WARNING, __file__, 1, message, arguments, info)


def as_json(said: logging.LogRecord) -> dict[str, Any]:
    line = JsonLines().format(said)
    assert "\n" not in line
    return dict(orjson.loads(line))


def test_a_line_of_json_has_what_applies() -> None:
    line = as_json(record("Lost %d.", 3))
    assert line.pop("time").endswith("Z")
    assert line == {"level": "warning", "logger": "jobs.worker", "message": "Lost 3."}


def test_a_line_says_which_request_worker_and_execution_it_is_about() -> None:
    def within() -> tuple[dict[str, Any], str]:
        enter_request("r1")
        enter_worker("w1")
        enter_execution("EX1")
        return as_json(record("Lost.")), TextLines().format(record("Lost."))

    line, text = copy_context().run(within)
    assert (line["request_id"], line["worker_id"], line["execution_id"]) == ("r1", "w1", "EX1")
    assert text.endswith("WARNING jobs.worker [r1]: Lost.")


def test_what_has_several_lines_and_an_exception_is_one_line() -> None:
    try:
        raise ValueError("no\nway")
    except ValueError:
        line = as_json(record("Failed.", exception=True))
    assert line["exception"].startswith("Traceback")
    assert line["exception"].endswith("ValueError: no\nway")


class Model(BaseModel):
    number: int


@pytest.mark.parametrize("lines", [JsonLines(), TextLines()])
def test_values_that_were_refused_are_hidden(lines: logging.Formatter) -> None:
    try:
        Model.model_validate({"number": f"{PASSWORD}\n, "})
    except ValidationError:
        text = lines.format(record("No.", exception=True))
    assert "input_value=***, input_type=str" in text
    assert PASSWORD not in text


@pytest.mark.parametrize("lines", [JsonLines(), TextLines()])
@pytest.mark.parametrize(
    ("message", "kept"),
    [
        (f"postgresql://tide:{PASSWORD}@db:5432/x is away", "postgresql://tide:***@db:5432/x is away"),
        (f"redis://:{PASSWORD}@db/0", "redis://:***@db/0"),
        (f"postgresql://tide:a@{PASSWORD}@db/x", "postgresql://tide:***@db/x"),
        (f"invalid input for query argument $3: '{PASSWORD}' (no)", "invalid input for query argument $3: ***"),
        (f"a value is null\nDETAIL:  Failing row contains ({PASSWORD}).", "DETAIL: ***"),
        (f"authorization: Bearer {PASSWORD}.a.b", "authorization: Bearer ***"),
    ],
)
def test_passwords_of_urls_and_tokens_are_hidden(lines: logging.Formatter, message: str, kept: str) -> None:
    try:
        raise ValueError(message)
    except ValueError:
        text = lines.format(record("%s", message, exception=True))
    assert PASSWORD not in text
    assert text.count(kept) == 2
