"""Texts: joined, split, counted and searched."""

from typing import Any

import pytest

from engine.nodes import BUILT_IN
from tests.engine.nodes.bench import Bench


async def test_join_and_split_undo_each_other(node: Bench) -> None:
    parts = ["a", "", "é"]
    text = (await node.run("text.join", parts=parts, separator=", "))["text"]
    assert text == "a, , é"
    assert await node.run("text.split", text=text, separator=", ") == {"parts": parts}


async def test_join_has_no_separator_by_default(node: Bench) -> None:
    assert await node.run("text.join", parts=["a", "b"]) == {"text": "ab"}
    assert await node.run("text.join", parts=[]) == {"text": ""}


async def test_a_part_that_is_no_text_is_named_by_its_index(node: Bench) -> None:
    error = await node.fail("text.join", parts=["a", 1])
    assert error.failure_code == "INPUT"
    assert "'parts.1'" in error.message


async def test_joining_to_gigabytes_is_refused_beforehand(node: Bench) -> None:
    assert "the limit is" in (await node.fail("text.join", parts=[""] * 10_000, separator="x" * 10_000_000)).message


async def test_a_text_cannot_be_split_at_nothing(node: Bench) -> None:
    assert "'separator'" in (await node.fail("text.split", text="abc", separator="")).message


async def test_length_counts_code_points(node: Bench) -> None:
    assert await node.run("text.length", text="né🎈") == {"result": 3}


LINE = '10.0.0.1 - - [31/Jan/2030:12:00:00 +0000] "GET /a HTTP/1.1" 200 12'
LOG = LINE + "\n" + LINE.replace("200", "404").replace("/a", "/é")
PATTERN = r'(?P<ip>\S+) \S+ \S+ \[[^\]]+\] "(?P<method>\S+) (?P<path>\S+)[^"]*" (?P<status>\d+)'


async def test_match_describes_the_first_match(node: Bench) -> None:
    outputs = await node.run("text.regex", text="é a1 b2", pattern=r"(?P<letter>[a-z])(\d)", operation="match")
    assert outputs == {
        "result": {"text": "a1", "start": 2, "groups": ["a", "1"], "named": {"letter": "a"}},
        "matched": True,
    }


async def test_no_match_gives_null(node: Bench) -> None:
    outputs = await node.run("text.regex", text="abc", pattern=r"\d", operation="match")
    assert outputs == {"result": None, "matched": False}


async def test_findall_makes_objects_of_named_groups(node: Bench) -> None:
    outputs = await node.run("text.regex", text=LOG, pattern=PATTERN, operation="findall")
    assert outputs["result"] == [
        {"ip": "10.0.0.1", "method": "GET", "path": "/a", "status": "200"},
        {"ip": "10.0.0.1", "method": "GET", "path": "/é", "status": "404"},
    ]


@pytest.mark.parametrize(
    ("pattern", "result"),
    [(r"\d", ["1", "2"]), (r"([a-z])(\d)?", [["a", "1"], ["b", "2"], ["c", None]]), (r"x", [])],
)
async def test_findall_gives_groups_or_texts(node: Bench, pattern: str, result: Any) -> None:
    outputs = await node.run("text.regex", text="a1b2c", pattern=pattern, operation="findall")
    assert outputs == {"result": result, "matched": bool(result)}


@pytest.mark.parametrize(
    ("replacement", "result"),
    [("é", "éXé"), (r"<\1>", "<a>X<b>"), (r"\g<c>\g<c>", "aaXbb"), (r"\\1", r"\1X\1"), (r"\n", r"\nX\n"), ("", "X")],
)
async def test_replace_puts_groups_and_letters_in_place(node: Bench, replacement: str, result: str) -> None:
    outputs = await node.run(
        "text.regex", text="aXb", pattern=r"(?P<c>[a-z])", operation="replace", replacement=replacement
    )
    assert outputs == {"result": result, "matched": True}


@pytest.mark.parametrize("replacement", [r"\2", r"\g<other>"])
async def test_a_group_that_the_pattern_lacks_fails(node: Bench, replacement: str) -> None:
    error = await node.fail("text.regex", text="a", pattern="(a)", operation="replace", replacement=replacement)
    assert error.failure_code == "INPUT"
    assert "names a group" in error.message


async def test_replace_needs_a_replacement(node: Bench) -> None:
    assert "'replacement'" in (await node.fail("text.regex", text="a", pattern="a", operation="replace")).message


async def test_split_gives_what_is_between(node: Bench) -> None:
    outputs = await node.run("text.regex", text="a, b;c", pattern=r"([,;]) ?", operation="split")
    assert outputs == {"result": ["a", "b", "c"], "matched": True}


@pytest.mark.parametrize("pattern", ["(", "(?=a)", r"(a)\1", "(a{1000}){1000}", "x" * 1_001])
async def test_a_pattern_that_cannot_be_used_fails_by_name(node: Bench, pattern: str) -> None:
    error = await node.fail("text.regex", text="a", pattern=pattern, operation="match")
    assert error.failure_code == "INPUT"
    assert "'pattern'" in error.message
    assert "pattern" in BUILT_IN["text.regex"].check({"pattern": pattern})


@pytest.mark.timeout(30)
async def test_patterns_that_run_away_elsewhere_are_linear_here(node: Bench) -> None:
    outputs = await node.run("text.regex", text="a" * 3_000 + "!", pattern="^(a+)+$", operation="match")
    assert outputs["matched"] is False


async def test_a_long_text_is_searched_in_a_child_with_the_same_outcome(node: Bench) -> None:
    outputs = await node.run("text.regex", text=LOG * 2_000, pattern=PATTERN, operation="findall")
    assert len(outputs["result"]) == 4_000
    assert outputs["matched"] is True


@pytest.mark.usefixtures("hasty")
async def test_a_quadratic_search_is_ended(node: Bench) -> None:
    error = await node.fail("text.regex", text="a" * 200_000, pattern="a.*b|a", operation="findall")
    assert "'pattern': the work was ended" in error.message


@pytest.mark.parametrize(
    ("text", "search", "replacement", "result"),
    [
        ("2 + 2", "2", "two", "two + two"),
        ("aaa", "aa", "b", "ba"),
        ("a.b", ".", r"\1", r"a\1b"),
        ("abc", "b", "", "ac"),
        ("x", "y", "z", "x"),
    ],
)
async def test_replace_takes_letters_for_what_they_are(
    node: Bench, text: str, search: str, replacement: str, result: str
) -> None:
    outputs = await node.run("text.replace", text=text, search=search, replacement=replacement)
    assert outputs == {"text": result}


async def test_replacing_to_gigabytes_is_refused_beforehand(node: Bench) -> None:
    error = await node.fail("text.replace", text="a" * 1_000_000, search="a", replacement="b" * 1_000_000)
    assert "would have 1000000000000 characters; the limit is" in error.message
    assert "'search'" in (await node.fail("text.replace", text="a", search="", replacement="b")).message


@pytest.mark.parametrize(
    ("case", "text", "result"),
    [
        ("upper", "Straße", "STRASSE"),
        ("lower", "ÉTÉ", "été"),
        ("title", "the old  man's SEA", "The Old  Man's Sea"),
        ("sentence", "hELLO World", "Hello world"),
        ("camel", "order total", "orderTotal"),
        ("camel", "HTTPServer2Name", "httpServer2Name"),
        ("pascal", "order-total_sum", "OrderTotalSum"),
        ("snake", "orderTotal", "order_total"),
        ("snake", " Éte à vélo! ", "éte_à_vélo"),
        ("kebab", "parseJSONText", "parse-json-text"),
        ("camel", "...", ""),
    ],
)
async def test_cases(node: Bench, case: str, text: str, result: str) -> None:
    assert await node.run("text.case", text=text, case=case) == {"text": result}


async def test_a_name_has_bounds_and_a_case_a_name(node: Bench) -> None:
    assert "10001 characters" in (await node.fail("text.case", text="a" * 10_001, case="camel")).message
    assert "'case'" in (await node.fail("text.case", text="a", case="Upper")).message


async def test_trim_leaves_what_is_between_words(node: Bench) -> None:
    assert await node.run("text.trim", text="\u00a0\t a  b\r\n") == {"text": "a  b"}


async def test_search_resolves_an_index_only_where_there_is_one(node: Bench) -> None:
    assert await node.run("text.search", text="é: order", search="order") == {"result": True, "index": 3}
    assert await node.run("text.search", text="order", search="Order") == {"result": False}


@pytest.mark.parametrize(
    ("encoding", "text", "encoded"),
    [("base64", "é?>", "w6k/Pg=="), ("hex", "é", "c3a9"), ("url", "a b/é~", "a%20b%2F%C3%A9~"), ("base64", "", "")],
)
async def test_what_was_encoded_can_be_decoded(node: Bench, encoding: str, text: str, encoded: str) -> None:
    assert await node.run("text.encode", text=text, encoding=encoding) == {"text": encoded}
    assert await node.run("text.encode", text=encoded, encoding=encoding, decode=True) == {"text": text}


@pytest.mark.parametrize(
    ("encoding", "text", "said"),
    [
        ("base64", "YQ", "not base64"),
        ("base64", "é", "not base64"),
        ("hex", "xy", "pairs of hexadecimal digits"),
        ("url", "100%", "the % at 3"),
        ("hex", "ff", "no text in UTF-8"),
    ],
)
async def test_what_was_not_encoded_so_is_refused(node: Bench, encoding: str, text: str, said: str) -> None:
    error = await node.fail("text.encode", text=text, encoding=encoding, decode=True)
    assert error.failure_code == "INPUT"
    assert error.message.startswith("Input 'text': ")
    assert said in error.message
