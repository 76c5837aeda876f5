"""JSON values: of all kinds, and as bad as they can be written."""

import random
from typing import Any

WORDS = ("a", "out", "value", "price", "FL0", "EX0", "", " ", "__proto__", "constructor", "$ref", "$payload", "$secret")
TEXTS = (
    *(
        "\0",
        "a\0b",
        "\ud800",
        "\udfff\ud800",
        "\ufeff",
        "\u202e",
        "\u2028",
        "😀" * 20,
        "é" * 300,
        "a" * 10_000,
        "%s%n%x",
    ),
    *("' or 1=1 --", "{{ 7*7 }}", "../../etc/passwd", "\r\nset-cookie: a=b", "1e999", "NaN", "null", "0x10", "١٢"),
)
NUMBERS = (
    *(0, -1, 1, 50, 100, 101, 1000, 1001, 2**31 - 1, 2**31, -(2**31), 2**53 + 1, 2**63 - 1, 2**63, -(2**63), 2**64),
    *(10**400, -(10**4000), 0.5, -0.0, 5e-324, 1.7976931348623157e308, float("inf"), float("-inf"), float("nan")),
)
MOMENTS = (
    *("2026-01-01T00:00:00.000Z", "0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z", "0000-01-01T00:00:00.000Z"),
    *("2026-02-30T00:00:00.000Z", "2026-01-01T24:00:00.000Z", "2026-01-01", "١٩٩٩-01-01T00:00:00.000Z", "now"),
)
WIDTHS = (0, 1, 2, 3, 5, 300)
DEPTHS = (2, 20, 100, 250, 990, 3_000)


def json_value(dice: random.Random, depth: int = 3) -> Any:
    """Any value, mostly small; texts may have lone surrogates, numbers may be no JSON."""
    match dice.randrange(9 if depth else 5):
        case 0:
            return dice.choice((None, True, False))
        case 1:
            return dice.choice(NUMBERS)
        case 2 | 3:
            return dice.choice(WORDS)
        case 4:
            return dice.choice((*TEXTS, *MOMENTS))
        case 5:
            return [json_value(dice, depth - 1) for _ in range(dice.choice(WIDTHS[:5]))]
        case 6 | 7:
            return {
                dice.choice((*WORDS, *TEXTS[:8])): json_value(dice, depth - 1) for _ in range(dice.choice(WIDTHS[:5]))
            }
        case _:
            return large_value(dice)


def large_value(dice: random.Random) -> Any:
    """A value that is wide or deep."""
    wide = dice.choice(WIDTHS)
    if dice.random() < 0.5:
        return dice.choice(([0] * wide, {f"k{n}": n for n in range(wide)}, "x" * wide * 300))
    return nested(dice.choice(DEPTHS[:4]), dice.random() < 0.5)


def nested(depth: int, in_lists: bool) -> Any:
    """Lists in lists, or objects in objects."""
    value: Any = 1
    for _ in range(depth):
        value = [value] if in_lists else {"a": value}
    return value
