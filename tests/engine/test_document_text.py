"""Flow documents as text: what is read, what is refused, and where everything was."""

import json
import re
from typing import Any

import pytest

from engine.document import DOCUMENT_BYTES
from engine.reading import Format, InvalidText, Refusal, Span, format_of, read_document

JSON, YAML = Format.JSON, Format.YAML


def read(text: str, format: Format = YAML) -> Any:
    return read_document(text, format).data


def refused(text: str, format: Format = YAML) -> list[Refusal]:
    with pytest.raises(InvalidText) as caught:
        read_document(text, format)
    return list(caught.value.refusals)


def places(text: str, format: Format = YAML) -> list[tuple[str, str, tuple[int, int]]]:
    return [(each.problem.path, each.problem.code.value, each.span.start) for each in refused(text, format)]


def written(text: str, span: Span) -> str:
    """What a text has there."""
    offsets = [0, *(found.end() for found in re.finditer(r"\r\n|\n", text))]
    start, end = (offsets[place.line - 1] + place.column - 1 for place in span)
    return text[start:end]


@pytest.mark.parametrize(
    ("name", "format"), [("a.json", JSON), ("a/B.JSON", JSON), ("a.yaml", YAML), ("a.yml", YAML), ("a", YAML)]
)
def test_the_format_follows_from_the_name(name: str, format: Format) -> None:
    assert format_of(name) is format


@pytest.mark.parametrize(
    ("plain", "data"),
    [
        ("yes", "yes"),
        ("No", "No"),
        ("on", "on"),
        ("true", True),
        ("FALSE", False),
        ("tRue", "tRue"),
        ("null", None),
        ("~", None),
        ("", None),
        ("nil", "nil"),
        ("12", 12),
        ("+12", 12),
        ("-12", -12),
        ("012", 12),
        ("0o17", 15),
        ("0x1F", 31),
        ("1_000", "1_000"),
        ("0b11", "0b11"),
        ("12:30:45", "12:30:45"),
        ("2026-01-31", "2026-01-31"),
        ("1.0", 1.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("1e3", 1000.0),
        ("1e16", 1e16),
        ("1.2.3", "1.2.3"),
        ("-", "-"),
        ("18446744073709551615", 2**64 - 1),
        ("-9223372036854775808", -(2**63)),
        ("'5'", "5"),
        ('"true"', "true"),
        ("=", "="),
    ],
)
def test_plain_words_mean_what_the_core_schema_says(plain: str, data: object) -> None:
    if plain == "-":
        plain = '"-"'
    found = read(f"a: {plain}\n")["a"]
    assert found == data
    assert type(found) is type(data)


@pytest.mark.parametrize(("text", "format"), [("a: -0.0", YAML), ('{"a": -0.0}', JSON)])
def test_a_negative_zero_keeps_its_sign(text: str, format: Format) -> None:
    assert str(read(text, format)["a"]) == "-0.0"


def test_json_is_read_as_it_is() -> None:
    data = {"a": [1, -2, 1e16, 0.1, 'x\n"é€/\\', {}, [], None, True, False], "b c": {"": "{[,:"}}
    assert read(json.dumps(data), JSON) == data
    assert read(json.dumps(data, indent=3, ensure_ascii=False), JSON) == data
    assert list(read('{"b": 1, "a": 2}', JSON)) == ["b", "a"]


def test_json_is_yaml_too() -> None:
    text = '{"a": [1, "yes", null, {"b": 1.5}]}'
    assert read(text, YAML) == read(text, JSON)


def test_a_byte_order_mark_is_skipped() -> None:
    assert read("\ufeff{}", JSON) == read("\ufeff{}", YAML) == {}


YAML_REFUSED = {
    "a repeated key": ("a: 1\nb: 2\na: 3", [("/a", "INVALID_VALUE", (3, 1))]),
    "an anchor and an alias": (
        "a: &x [1]\nb: *x",
        [("/a", "UNSUPPORTED_FORMAT", (1, 4)), ("/b", "UNSUPPORTED_FORMAT", (2, 4))],
    ),
    "a tag": ("a: !secret x", [("/a", "UNSUPPORTED_FORMAT", (1, 4))]),
    "a tag of the language": ("a: !!python/name:os.system x", [("/a", "UNSUPPORTED_FORMAT", (1, 4))]),
    "a number as a key": ("a:\n  1: x", [("/a/1", "INVALID_VALUE", (2, 3))]),
    "a list as a key": ("[a]: x", [("", "UNSUPPORTED_FORMAT", (1, 1))]),
    "no number": (
        "a: .nan\nb: -.inf",
        [("/a", "INVALID_VALUE", (1, 4)), ("/b", "INVALID_VALUE", (2, 4))],
    ),
    "a number beyond 64 bits": (
        "- 18446744073709551616\n- 1e999\n- 0xFFFFFFFFFFFFFFFFF\n- " + "9" * 5000,
        [(f"/{i}", "INVALID_VALUE", (i + 1, 3)) for i in range(4)],
    ),
    "a second document": ("a: 1\n---\nb: 2", [("", "UNSUPPORTED_FORMAT", (2, 1))]),
    "an older version": ("%YAML 1.1\n---\na: yes", [("", "UNSUPPORTED_FORMAT", (2, 1))]),
    "nothing": ("# nothing", [("", "UNSUPPORTED_FORMAT", (1, 1))]),
    "a syntax error": ("a: [1,\nb: 2", [("", "UNSUPPORTED_FORMAT", (2, 5))]),
    "a control character": ("a: 1\nb: \x01", [("", "UNSUPPORTED_FORMAT", (2, 4))]),
    "a character that does not exist": ('"\\U00110000"', [("", "UNSUPPORTED_FORMAT", (1, 1))]),
    "deep nesting": ("[" * 100_000, [("", "UNSUPPORTED_FORMAT", (1, 201))]),
    "deep nesting in blocks": ("- " * 10_000, [("", "UNSUPPORTED_FORMAT", (1, 401))]),
}
JSON_REFUSED = {
    "a repeated key": ('{"a": 1,\n "a": 2}', [("/a", "INVALID_VALUE", (2, 2))]),
    "a repeated key, written otherwise": ('{"a": 1, "\\u0061": 2}', [("/a", "INVALID_VALUE", (1, 10))]),
    "no number": (
        "[NaN, -Infinity]",
        [("/0", "INVALID_VALUE", (1, 2)), ("/1", "INVALID_VALUE", (1, 7))],
    ),
    "a number beyond 64 bits": (
        "[18446744073709551616, 1e999, " + "9" * 5000 + "]",
        [
            ("/0", "INVALID_VALUE", (1, 2)),
            ("/1", "INVALID_VALUE", (1, 24)),
            ("/2", "INVALID_VALUE", (1, 31)),
        ],
    ),
    "nothing": ("", [("", "UNSUPPORTED_FORMAT", (1, 1))]),
    "a trailing comma": ('{"a": 1,\n}', [("", "UNSUPPORTED_FORMAT", (2, 1))]),
    "two values": ("{} {}", [("", "UNSUPPORTED_FORMAT", (1, 4))]),
    "a comment": ("{} # x", [("", "UNSUPPORTED_FORMAT", (1, 4))]),
    "deep nesting": ("[" * 250 + "]" * 250, [("", "UNSUPPORTED_FORMAT", (1, 201))]),
    "very deep nesting": ("[" * 100_000 + "]" * 100_000, [("", "UNSUPPORTED_FORMAT", (1, 1))]),
}


@pytest.mark.parametrize(("text", "expected"), YAML_REFUSED.values(), ids=YAML_REFUSED.keys())
def test_yaml_beyond_the_core_schema_is_refused_with_its_place(text: str, expected: object) -> None:
    assert places(text, YAML) == expected


@pytest.mark.parametrize(("text", "expected"), JSON_REFUSED.values(), ids=JSON_REFUSED.keys())
def test_json_that_documents_cannot_keep_is_refused_with_its_place(text: str, expected: object) -> None:
    assert places(text, JSON) == expected


def test_all_that_is_refused_in_a_text_is_reported_at_once() -> None:
    paths = [each.problem.path for each in refused("a: &x 1\na: .inf\n2: !t x\n")]

    assert paths == ["/a", "/a", "/a", "/2", "/2"]


def test_a_repeated_key_is_told_with_the_first_one_and_the_rest_is_read_nevertheless() -> None:
    with pytest.raises(InvalidText) as caught:
        read_document("a: 1\nb: 2\na: 3\n", YAML)

    (refusal,) = caught.value.refusals
    assert refusal.related == ((1, 1), (1, 2))
    assert caught.value.source
    assert caught.value.source.data == {"a": 3, "b": 2}


@pytest.mark.parametrize("format", list(Format))
def test_a_text_beyond_4_mib_is_refused_unread(format: Format) -> None:
    (refusal,) = refused('"' + "x" * (DOCUMENT_BYTES - 1) + '"', format)
    assert refusal.problem.message == f"The text has {DOCUMENT_BYTES + 1} bytes; the limit is {DOCUMENT_BYTES}."


LOCATED = """\
name: x
nodes:
  - {id: a, inputs: {operation: add}}
  - id: b
    inputs:
      a/b: [1,
            2]
"""


@pytest.mark.parametrize(
    ("path", "key", "value"),
    [
        ("/name", "name", "x"),
        ("/nodes/0", "{id: a, inputs: {operation: add}}", "{id: a, inputs: {operation: add}}"),
        ("/nodes/0/inputs", "inputs", "{operation: add}"),
        ("/nodes/0/inputs/operation", "operation", "add"),
        ("/nodes/0/inputs/x/y", "inputs", "inputs"),
        ("/nodes/1/inputs/a~1b", "a/b", "[1,\n            2]"),
        ("/nodes/1/inputs/a~1b/1", "2", "2"),
        ("/nodes/1/id", "id", "b"),
    ],
)
def test_a_part_is_found_by_its_key_or_value_and_a_missing_one_by_what_is_around_it(
    path: str, key: str, value: str
) -> None:
    source = read_document(LOCATED, YAML)
    assert (written(LOCATED, source.key(path)), written(LOCATED, source.value(path))) == (key, value)


@pytest.mark.parametrize(
    ("path", "position"), [("/nodes/1", (4, 5)), ("/nodes/1/type", (4, 5)), ("/edges", (1, 1)), ("", (1, 1))]
)
def test_what_has_no_key_is_found_by_its_beginning(path: str, position: tuple[int, int]) -> None:
    assert read_document(LOCATED, YAML).key(path).start == position


def test_parts_of_json_are_found_likewise() -> None:
    text = '{"name": "x",\r\n "nodes": [{},\n\n  {"id": "a:{"}]}'
    source = read_document(text, JSON)
    places = ("/name", "/nodes", "/nodes/0", "/nodes/1", "/nodes/1/id")
    assert [source.key(path).start for path in places] == [(1, 2), (2, 2), (2, 12), (4, 3), (4, 4)]
    assert [written(text, source.value(path)) for path in places[2:]] == ["{}", '{"id": "a:{"}', '"a:{"']
