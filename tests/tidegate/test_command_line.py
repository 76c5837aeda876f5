"""The command line: what can be expected to fail is one line that says what to do."""

import io
import json
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.reading import Format, InvalidText, read_document
from resolvers.schema import sdl
from tests.ports import free_port
from tests.tidegate.processes import COMMAND, ROOT, tidegate
from tidegate.cli import main
from tidegate.commands import COMMANDS
from tidegate.redis_check import warn_without_redis
from tidegate.reference import FLOW_SCHEMA


@pytest.fixture
def taken_port() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield str(listener.getsockname()[1])


@pytest.fixture
def silent_port() -> str:
    """A port that nobody listens on."""
    return str(free_port())


def fails(*arguments: str, **variables: str) -> str:
    """The one line that a command fails with, after warnings."""
    done = tidegate(*arguments, **variables)
    assert done.returncode == 1, done
    assert done.stdout == ""
    *warnings, failure = done.stderr.splitlines()
    assert all("WARNING" in line for line in warnings), done.stderr
    return failure


@pytest.mark.parametrize("command", [command.name for command in COMMANDS])
def test_every_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])

    assert left.value.code == 0
    assert f"usage: tidegate {command}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ("nope",),
        ("dev", "--port", "70000"),
        ("run",),
        ("run", "x.yaml", "--input", "price"),
        ("events", "EX1", "--from", "x"),
    ],
)
def test_wrong_usage_exits_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as left:
        main(list(arguments))

    assert left.value.code == 2
    assert "usage: tidegate" in capsys.readouterr().err


def test_flow_schema_prints_the_schema_of_flow_files(capsys):
    assert main(["flow-schema"]) == 0
    assert capsys.readouterr().out == FLOW_SCHEMA.read_text(encoding="utf-8")


def test_schema_prints_the_sdl():
    done = tidegate("schema")

    assert (done.returncode, done.stdout) == (0, sdl())


@pytest.mark.parametrize("command", ["serve", "worker", "migrate"])
def test_a_missing_database_url_is_asked_for(command):
    assert "DATABASE_URL is not set" in fails(command, REDIS_URL="redis://127.0.0.1")


@pytest.mark.parametrize("command", ["serve", "worker", "dev"])
def test_a_bad_setting_is_named(command):
    message = fails(command, TIDEGATE_WORKER_CONCURRENCY="many")

    assert message == "tidegate: TIDEGATE_WORKER_CONCURRENCY is 'many'; it must be a whole number from 1 to 10000."


@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("worker",), ("migrate",)])
def test_an_unreachable_database_is_named_without_its_password(command, silent_port):
    message = fails(
        *command,
        DATABASE_URL=f"postgresql://tide:secret@127.0.0.1:{silent_port}/tidegate",
        REDIS_URL="redis://127.0.0.1",
    )

    assert message.startswith(f"tidegate: Postgres at 127.0.0.1:{silent_port} cannot be reached")
    assert "secret" not in message


def test_a_worker_asks_for_a_migrated_database_and_migrate_makes_it_one(empty_database_url):
    variables = {"DATABASE_URL": empty_database_url, "REDIS_URL": "redis://127.0.0.1"}

    message = fails("worker", **variables)

    assert message.startswith("tidegate: The database lacks 0001_initial")
    assert message.endswith("Run: tidegate migrate")
    assert tidegate("migrate", **variables).stdout.startswith("applied 0001_initial\n")
    assert tidegate("migrate", **variables).stdout == "nothing to do\n"


async def test_an_unreachable_redis_is_a_warning_because_work_goes_on_without(silent_port, caplog):
    await warn_without_redis(f"redis://:secret@127.0.0.1:{silent_port}/0")

    (record,) = caplog.records
    assert record.message.startswith(f"Redis at 127.0.0.1:{silent_port} does not answer")
    assert "secret" not in record.message


async def test_a_redis_that_answers_is_no_news(redis_url, caplog):
    await warn_without_redis(redis_url)

    assert not caplog.records


@pytest.mark.parametrize("command", ["dev", "serve"])
def test_a_port_in_use_is_named(command, taken_port, server_folder):
    variables = {"DATABASE_URL": "postgresql://127.0.0.1/x", "REDIS_URL": "redis://127.0.0.1"}
    more = ("--data-dir", str(server_folder / "data")) if command == "dev" else ()

    message = fails(command, "--port", taken_port, *more, **variables)

    assert message.startswith(f"tidegate: Port {taken_port} on 127.0.0.1 is in use.")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com"])
def test_only_loopback_is_served(host):
    variables = {"DATABASE_URL": "postgresql://127.0.0.1/x", "REDIS_URL": "redis://127.0.0.1"}

    message = fails("serve", "--host", host, **variables)

    assert message.startswith(f"tidegate: --host {host} is no loopback address, and without authentication")


def test_a_data_folder_that_cannot_be_written_is_named(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")

    message = fails("dev", "--port", "0", "--data-dir", str(blocked / "data"))

    assert message.startswith("tidegate: Cannot use ")
    assert str(blocked) in message
    assert "--data-dir" in message


@pytest.mark.parametrize("command", ["validate", "run"])
def test_a_flow_that_is_not_there_is_named(command):
    assert fails(command, "no/such.yaml") == "tidegate: no/such.yaml cannot be read: No such file or directory."


def test_a_server_that_does_not_answer_is_named(silent_port):
    url = f"http://127.0.0.1:{silent_port}/graphql"

    for command in (("run", "examples/order-total.yaml"), ("events", "EX1"), ("events", "EX1", "--follow")):
        message = fails(*command, "--url", url)
        assert url in message or silent_port in message
    assert fails("run", "examples/order-total.yaml", "--url", url) == (
        f"tidegate: No server answers at {url}. Start one with: tidegate dev"
    )


def test_a_reader_that_leaves_is_no_error():

    with subprocess.Popen([*COMMAND, "schema"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""


INVALID = """\
tidegate: 1
name: Wrong
nodes:
  - {id: a, type: no.such}
  - {id: a, type: value.text, inputs: {value: [x], vlaue: x}}
  - id: c
    type: flow.switch
    inputs: {value: 1, cases: [{port: x, equals: 漢字}, {port: y, eqals: 1}]}
edges:
  - {from: a.value, to: b.text}
  - {from: "c.x", to: c.valeu}
name: Again
"""

PLACES = [
    (4, "no.such", "/nodes/0/type", "UNKNOWN_TYPE"),
    (5, "a", "/nodes/1/id", "DUPLICATE_ID"),
    (5, "[x]", "/nodes/1/inputs/value", "INVALID_VALUE"),
    (5, "vlaue", "/nodes/1/inputs/vlaue", "UNKNOWN_PORT"),
    (8, "{port: y, eqals: 1}", "/nodes/2/inputs/cases/1", "INVALID_VALUE"),
    (8, "eqals", "/nodes/2/inputs/cases/1/eqals", "UNKNOWN_KEY"),
    (10, "b", "/edges/0/to", "UNKNOWN_NODE"),
    (11, '{from: "c.x", to: c.valeu}', "/edges/1", "CYCLE"),
    (11, "valeu", "/edges/1/to", "UNKNOWN_PORT"),
    (12, "name", "/name", "INVALID_VALUE"),
]
"""What is wrong there: the line, what is marked in it, the path and the code."""


def write(folder: Path, text: str) -> str:
    path = folder / "flow.yaml"
    path.write_text(text)
    return str(path)


def test_validate_prints_every_problem_with_its_place(tmp_path, capsys):
    path = write(tmp_path, INVALID)

    assert main(["validate", path]) == 1

    lines = capsys.readouterr().out.splitlines()
    assert [line.split(": ")[1] for line in lines[::3]] == [place[2] for place in PLACES]
    assert lines[3:6] == [
        f"{path}:5:10: /nodes/1/id: The id 'a' is taken by node number 1. See {path}:4:10.",
        "    5 │   - {id: a, type: value.text, inputs: {value: [x], vlaue: x}}",
        "      │          ^",
    ]
    assert lines[17].index("^") - lines[16].index("eqals") == len("漢字")  # which are twice as wide
    assert lines[-1] == "      │ ^^^^"


def marked(found: dict[str, Any]) -> str:
    assert found["line"] == found["endLine"]
    return INVALID.splitlines()[found["line"] - 1][found["column"] - 1 : found["endColumn"] - 1]


def test_validate_tells_programs_each_problem_as_a_line_of_json(tmp_path, capsys):
    path = write(tmp_path, INVALID)

    assert main(["validate", "--json", "examples/order-total.yaml", path]) == 1

    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(each["line"], marked(each), each["path"], each["code"]) for each in found] == PLACES
    assert {each["file"] for each in found} == {path}
    assert found[1]["related"] == {"line": 4, "column": 10, "endLine": 4, "endColumn": 11}


def test_validate_finds_the_same_in_json_and_shows_of_a_long_line_what_is_around(tmp_path, capsys):
    with pytest.raises(InvalidText) as caught:
        read_document(INVALID, Format.YAML)
    assert caught.value.source
    path = tmp_path / "flow.json"
    path.write_text(json.dumps(caught.value.source.data))

    assert main(["validate", str(path)]) == 1

    lines = capsys.readouterr().out.splitlines()
    assert [line.split(": ")[1] for line in lines[::3]] == [place[2] for place in PLACES[:-1]]
    source, marks = lines[-2:]
    assert source[marks.index("^") : marks.rindex("^") + 1] == "valeu"
    assert max(map(len, lines[1::3])) < 140


def test_validate_reads_standard_input(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"tidegate: 1\nname: a\nnodes: 3\n")))

    assert main(["validate", "-"]) == 1
    assert capsys.readouterr().out.startswith("-:3:8: /nodes: Expected an array, got number.\n")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("tidegate: 1\nname: [x\n", "3:1: /"),
        ("tidegate: 1\nname: a\nname: b\nnodes: []\n", "3:1: /name"),
        ("", "1:1: /"),
        ("tidegate: 2\nname: a\nnodes: []\n", "1:11: /tidegate"),
    ],
)
def test_validate_finds_the_place_also_where_the_text_cannot_be_read(text, place, tmp_path, capsys):
    path = write(tmp_path, text)

    assert main(["validate", path]) == 1
    assert capsys.readouterr().out.startswith(f"{path}:{place}: ")


def test_validate_says_ok(capsys):
    assert main(["validate", "examples/order-total.yaml"]) == 0
    assert capsys.readouterr().out == "ok\n"


def test_run_checks_the_flow_before_it_asks_any_server(tmp_path, capsys):
    path = write(tmp_path, INVALID)

    assert main(["run", path, "--url", "http://127.0.0.1:9/graphql"]) == 1
    assert capsys.readouterr().err.splitlines()[0].startswith(f"{path}:4:19: /nodes/0/type: ")


def test_an_input_that_does_not_fit_is_named(capsys):
    assert main(["run", "examples/order-total.yaml", "--input", "price=cheap"]) == 1
    assert capsys.readouterr().err.startswith("tidegate: The input 'price' must be of type number")


def test_a_url_that_is_none_is_named(capsys):
    assert main(["run", "examples/order-total.yaml", "--url", "localhost:8000"]) == 1
    assert "'localhost:8000' is no URL" in capsys.readouterr().err


def test_validate_says_what_the_documentation_shows(tmp_path, capsys, monkeypatch):
    (tmp_path / "flows").mkdir()
    right = Path("examples/order-total.yaml").read_text()
    (tmp_path / "flows" / "order.yaml").write_text(right.replace("total.result", "total.reslut"))
    page = Path("docs/flows.md").read_text()
    monkeypatch.chdir(tmp_path)

    assert main(["validate", "flows/order.yaml"]) == 1
    assert f"$ tidegate validate flows/*.yaml\n{capsys.readouterr().out}```" in page
