"""Damage to texts: of documents, and of what carries them."""

import random

PIECES = (
    *("{", "}", "(", ")", "[", "]", '"', '"""', "\\", "\\u", "\\u{110000}", "\\uD800", "...", "@", "$", "!", "|", "&"),
    *(
        "#",
        "# \ufeff\n",
        "\ufeff",
        "\0",
        "\u2028",
        "\x07",
        "\r",
        ",,,,",
        "99999999999999999999",
        "1.e",
        "-",
        "on",
        "null",
    ),
    *(
        " @skip(if: true)",
        " @include(if: $x)",
        " @unknown",
        " @stream",
        " @defer",
        "__typename",
        "__schema { types { name } }",
    ),
    *("fragment on on on { on }", "...on", "...F", "query", "mutation", "subscription", "extend type Query { a: Int }"),
)


def damaged(dice: random.Random, text: str) -> str:
    """The text after one to four changes."""
    for _ in range(dice.randint(1, 4)):
        start = dice.randrange(len(text) + 1)
        end = min(len(text), start + dice.choice((0, 1, 1, 5, 40)))
        put = dice.choice(
            (dice.choice(PIECES), "", text[start:end] * dice.choice((2, 2, 50)), chr(dice.randrange(0x250)))
        )
        text = text[:start] + put + text[end:]
    return text


def damaged_bytes(dice: random.Random, data: bytes) -> bytes:
    """The bytes with some of them changed, lost, or put in."""
    changed = bytearray(data)
    for _ in range(dice.randint(1, 3)):
        place = dice.randrange(len(changed) + 1)
        changed[place : place + dice.choice((0, 1, 9))] = dice.randbytes(dice.choice((0, 1, 4)))
    return bytes(changed)
