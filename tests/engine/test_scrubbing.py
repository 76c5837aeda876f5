"""Secrets are taken out of what is recorded, in whatever form they are there."""

import base64
import html
import json
import re
from urllib.parse import quote, quote_plus

import pytest

from engine.piecewise_scrubbing import certain, scrub_pieces
from engine.scrubbing import replacements, scrub_data, scrub_text

SECRET = 'canary/Ü+"sings"\\ at ?8'
WANTED = replacements("bird", SECRET)

FORMS = {
    "as it is": SECRET,
    "as JSON": json.dumps(SECRET),
    "as JSON in UTF-8": json.dumps(SECRET, ensure_ascii=False),
    "as JSON with escaped slashes": json.dumps(SECRET).replace("/", r"\/"),
    "in HTML": html.escape(SECRET),
    "as a repr": repr(SECRET),
    "as a repr of bytes": repr(SECRET.encode()),
    "in a URL": quote(SECRET, safe=""),
    "in a path": quote(SECRET),
    "in a form": quote_plus(SECRET),
    "in a URL in lower case": re.sub("%..", lambda escape: escape[0].lower(), quote(SECRET, safe="")),
    "in hex": SECRET.encode().hex(),
    "in upper hex": SECRET.encode().hex().upper(),
    "in base 64": base64.b64encode(SECRET.encode()).decode(),
    "in URL-safe base 64": base64.urlsafe_b64encode(SECRET.encode()).decode(),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_a_secret_is_found_in_each_form(form: str) -> None:
    scrubbed = scrub_text(f"before {form} after", WANTED)
    assert "[secret bird]" in scrubbed
    assert len(scrubbed) < len("before [secret bird] after") + 4
    assert scrubbed.startswith("before ")
    assert scrubbed.endswith(" after")


@pytest.mark.parametrize("before", ["", "u", "us", "use", "user:"])
@pytest.mark.parametrize("after", ["", "x", "xy", "xyz"])
def test_a_secret_is_found_in_a_longer_text_in_base_64(before: str, after: str) -> None:
    encoded = base64.b64encode(f"{before}{SECRET}{after}".encode()).decode()
    scrubbed = scrub_text(encoded, WANTED)
    assert "[secret bird]" in scrubbed
    # At its ends a secret shares characters with its neighbours.
    assert len(scrubbed) <= len("[secret bird]") + 4 * (len(before) // 3 + len(after) // 3 + 3)


def test_all_of_a_value_is_searched_and_references_stay() -> None:
    data = {"k": ["a", {f"x{SECRET}": SECRET}], "n": 12, "ok": True, "no": None, "ref": {"$secret": "canary"}}
    assert scrub_data(data, WANTED + replacements("name", "canary")) == {
        "k": ["a", {"x[secret bird]": "[secret bird]"}],
        "n": 12,
        "ok": True,
        "no": None,
        "ref": {"$secret": "canary"},
    }


def test_a_secret_of_digits_is_found_in_numbers() -> None:
    wanted = replacements("pin", "428761")
    assert scrub_data([428761, 14287610.5, 42876], wanted) == ["[secret pin]", "1[secret pin]0.5", 42876]


def test_what_is_very_short_is_left_alone() -> None:
    assert replacements("pin", "123") == []


@pytest.mark.parametrize("size", [1, 4, 8, 20])
def test_a_text_that_is_the_secret_again_and_again_is_cut_where_none_is_torn(size: int) -> None:
    pieces = ["a" * size] * (400_000 // size)
    wanted = [("a" * 8, "[x]")]
    count = certain(pieces, wanted)
    assert (len(pieces) - count) * size < 8 + 3 * size
    assert count * size % 8 == 0
    assert "".join(scrub_pieces(pieces, wanted)) == "[x]" * 50_000
