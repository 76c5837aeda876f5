"""csv.parse: tables as RFC 4180 has them."""

from typing import Any

import pytest

from tests.engine.nodes.bench import Bench


@pytest.mark.parametrize(
    ("text", "options", "rows"),
    [
        ("id,name\r\n7,Ada\r\n", {}, [{"id": "7", "name": "Ada"}]),
        ('a,b\n"x, ""y""","1\r\n2"', {}, [{"a": 'x, "y"', "b": "1\r\n2"}]),
        ("\ufeffa\n\n1\n", {}, [{"a": "1"}]),
        ("a;b\n1;", {"delimiter": ";"}, [{"a": "1", "b": ""}]),
        ("a\tb", {"delimiter": "\t", "header": False}, [["a", "b"]]),
        ("a,b\n1\n", {"header": False}, [["a", "b"], ["1"]]),
        ("a,b", {}, []),
        ("", {}, []),
    ],
)
async def test_tables_are_read(node: Bench, text: str, options: dict[str, Any], rows: list[Any]) -> None:
    assert await node.run("csv.parse", text=text, **options) == {"rows": rows}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n1,2,3", "line 3 has 3 fields, but the header 2."),
        ("a,b,a", "the header has the name 'a' more than once."),
        ('a\n"1', "line 2 is not CSV: unexpected end of data."),
        ('a\n"1"2', "line 2 is not CSV"),
        ("a\n" + "x" * 200_000, "line 2 is not CSV: field larger than field limit (131072)."),
    ],
)
async def test_what_is_no_table_is_refused_with_its_line(node: Bench, text: str, said: str) -> None:
    error = await node.fail("csv.parse", text=text)
    assert error.failure_code == "INPUT"
    assert error.message.startswith(f"Input 'text': {said}")


async def test_names_that_would_be_repeated_to_gigabytes_are_refused(node: Bench) -> None:
    error = await node.fail("csv.parse", text="n" * 100_000 + "\n1" * 1_000_000)
    assert "the rows have more than 16777216 bytes" in error.message


@pytest.mark.parametrize("delimiter", ["", ",,", '"', "\n"])
async def test_a_delimiter_is_one_character(node: Bench, delimiter: str) -> None:
    assert "'delimiter'" in (await node.fail("csv.parse", text="a", delimiter=delimiter)).message
