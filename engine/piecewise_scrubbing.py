"""Taking secrets out of a text that comes in pieces, also where a secret begins in one piece and ends in another.

A piece is held back while its end may be the beginning of a secret. What was found is replaced in the piece that it
begins in, and the rest of it taken out of those that follow.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

from engine.scrubbing import Replacement

FILLER = "\ud800"
"""Stands where something was found; no text that can be stored has it."""


def certain(pieces: Sequence[str], wanted: Sequence[Replacement]) -> int:
    """How many of the first pieces can be scrubbed without knowing what follows."""
    text, ends = "".join(pieces), list(accumulate(map(len, pieces)))
    found = sorted(_found(text, wanted))
    reach = _first_uncertain(text, wanted)
    while count := bisect_right(ends, reach):
        last = bisect_left(found, (ends[count - 1],)) - 1
        if last < 0 or found[last][1] <= ends[count - 1]:
            return count
        reach = found[last][0]
    return 0


def scrub_pieces(pieces: Sequence[str], wanted: Sequence[Replacement]) -> list[str]:
    """The pieces without what is wanted; there are as many as before, perhaps with empty ones among them."""
    text, ends = "".join(pieces), list(accumulate(map(len, pieces)))
    for form, mark in wanted:
        if starts := _starts(text, form):
            ends = [_moved(end, starts, len(form), len(mark)) for end in ends]
            text = text.replace(form, mark)
    return [text[begin:end] for begin, end in pairwise([0, *ends])]


def _moved(end: int, starts: Sequence[int], was: int, now: int) -> int:
    """Where a piece ends after replacements; one that ended within what was replaced gets the whole mark."""
    before = bisect_left(starts, end)
    if not before:
        return end
    return max(end - was, starts[before - 1]) + now + (before - 1) * (now - was)


def _first_uncertain(text: str, wanted: Sequence[Replacement]) -> int:
    """Where the longest end of the text begins that more text could make a form of."""
    return min((len(text) - _overlap(text, form) for form, _ in wanted), default=len(text))


def _overlap(text: str, form: str) -> int:
    """The length of the longest beginning of the form, but not the whole, that the text ends with."""
    tail = text[max(0, len(text) - len(form) + 1) :]
    start = tail.find(form[0])
    while start >= 0 and not form.startswith(tail[start:]):
        start = tail.find(form[0], start + 1)
    return len(tail) - start if start >= 0 else 0


def _found(text: str, wanted: Sequence[Replacement]) -> Iterator[tuple[int, int]]:
    """Where each begins and ends that will be replaced: never two that overlap."""
    for form, _ in wanted:
        starts = _starts(text, form)
        yield from ((start, start + len(form)) for start in starts)
        if starts:
            text = text.replace(form, FILLER * len(form))


def _starts(text: str, form: str) -> list[int]:
    starts = []
    start = text.find(form)
    while start >= 0:
        starts.append(start)
        start = text.find(form, start + len(form))
    return starts
