"""Taking secrets out of a text that comes in pieces, also where a secret begins in one piece and ends in another.

A piece is held back while its end may be the beginning of a secret. What was found is replaced in the piece that it
begins in, and the rest of it taken out of those that follow.
"""

from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

from engine.scrubbing import Replacement


def certain(pieces: Sequence[str], wanted: Sequence[Replacement]) -> int:
    """How many of the first pieces can be scrubbed without knowing what follows."""
    text, ends = "".join(pieces), list(accumulate(map(len, pieces)))
    reach = _first_uncertain(text, wanted)
    while True:
        count = sum(end <= reach for end in ends)
        edge = ends[count - 1] if count else 0
        begins = min((start for start, end in _found(text, wanted) if start < edge < end), default=edge)
        if begins == edge:
            return count
        reach = begins


def scrub_pieces(pieces: Sequence[str], wanted: Sequence[Replacement]) -> list[str]:
    """The pieces without what is wanted; there are as many as before, perhaps with empty ones among them."""
    text, ends = "".join(pieces), list(accumulate(map(len, pieces)))
    for form, mark in wanted:
        start = text.find(form)
        while start >= 0:
            text = text[:start] + mark + text[start + len(form) :]
            ends = [_moved(end, start, len(form), len(mark)) for end in ends]
            start = text.find(form, start + len(mark))
    return [text[begin:end] for begin, end in pairwise([0, *ends])]


def _moved(end: int, start: int, was: int, now: int) -> int:
    """Where a piece ends after a replacement; one that ended within what was replaced gets the whole mark."""
    if end <= start:
        return end
    return max(end - was, start) + now


def _first_uncertain(text: str, wanted: Sequence[Replacement]) -> int:
    """Where the longest end of the text begins that more text could make a form of."""
    return min((len(text) - _overlap(text, form) for form, _ in wanted), default=len(text))


def _overlap(text: str, form: str) -> int:
    """The length of the longest beginning of the form, but not the whole, that the text ends with."""
    longest = min(len(form) - 1, len(text))
    return next((length for length in range(longest, 0, -1) if text.endswith(form[:length])), 0)


def _found(text: str, wanted: Sequence[Replacement]) -> Iterator[tuple[int, int]]:
    for form, _ in wanted:
        start = text.find(form)
        while start >= 0:
            yield start, start + len(form)
            start = text.find(form, start + 1)
