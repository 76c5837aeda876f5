"""How the header `accept` is read."""

import pytest

from resolvers.accept import Accept

EVENTS, JSON = "text/event-stream", "application/json"


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        (EVENTS, 1),
        ("application/json, text/event-stream", 1),
        ("TEXT/Event-Stream", 1),
        ("text/event-stream;q=0.25", 0.25),
        ("text/event-stream ; charset=utf-8 ; Q=0.5", 0.5),
        ("text/event-stream;q=0", 0),
        ("text/event-stream;q=0.000", 0),
        ("text/event-stream;q=0, text/event-stream;q=0.125", 0.125),
        (",, ,text/event-stream,", 1),
        ('a/b;x="text/event-stream"', 0),
        ('a/b;x=", text/event-stream;q=1, \\" text/event-stream,"', 0),
        ('a/b;x=",;\\"", text/event-stream;q=0.5', 0.5),
        ("text/event-stream2, xtext/event-stream, text/event-stream+json", 0),
        ("text/*, */*", 0),
        ("text/event-stream;q=2", 0),
        ("text/event-stream;q=0.1234", 0),
        ("text/event-stream;q=x", 0),
        (";;;", 0),
        ("text / event-stream", 0),
        ("", 0),
    ],
)
def test_a_type_that_must_be_named_is_wanted_as_much_as_the_header_says(header: str, wanted: float) -> None:
    assert Accept(header).named(EVENTS) == wanted


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("", 1),
        ("*/*", 1),
        ("*/*;q=0.5", 0.5),
        ("application/*;q=0.5, */*;q=0.1", 0.5),
        ("*/*, application/json;q=0.25", 0.25),
        ("*/*, application/json;q=0", 0),
        ("text/html", 0),
    ],
)
def test_the_range_that_describes_a_type_best_says_how_much_it_is_wanted(header: str, wanted: float) -> None:
    assert Accept(header).quality(JSON) == wanted


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("multipart/mixed;subscriptionSpec=1.0", 1),
        ('multipart/mixed;boundary="graphql";subscriptionSpec="1.0", application/json', 1),
        ("multipart/mixed; SUBSCRIPTIONSPEC=1.0; q=0.5", 0.5),
        ("multipart/mixed;deferSpec=20220824, multipart/mixed;subscriptionSpec=1.0;q=0.5", 0.5),
        ("multipart/mixed", 0),
        ("multipart/mixed;subscriptionSpec=2.0", 0),
        ('multipart/mixed;x="subscriptionSpec=1.0"', 0),
        ("multipart/form-data;subscriptionSpec=1.0", 0),
    ],
)
def test_a_parameter_that_is_needed_must_be_there(header: str, wanted: float) -> None:
    assert Accept(header).named("multipart/mixed", subscriptionspec="1.0") == wanted


@pytest.mark.parametrize("text", ['"\\' * 50_000, '"' * 100_000, ";" * 100_000, 'a/b;x="' + '\\"' * 50_000])
@pytest.mark.timeout(30)
def test_a_hostile_header_takes_no_time(text: str) -> None:
    assert Accept(text).named(EVENTS) == 0
