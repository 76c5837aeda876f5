"""Patterns for numbers: a subset of those of the Unicode CLDR (unicode.org/reports/tr35/tr35-numbers.html).

There are digits, groups, a point, a percent sign, and texts before and after; there are no exponents, currencies,
paddings and patterns of their own for negative numbers. Points and commas are those of English.
"""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache

from engine.errors import NodeError

PATTERN_LIMIT = 200
DIGITS_LIMIT = 30

_AFFIX = r"(?:'[^']*'|[^'#0-9.,;@*+E‰¤-])*"
_PATTERN = re.compile(rf"(?P<prefix>{_AFFIX})(?P<whole>#[#,]*[0,]*|0[0,]*)(\.(?P<part>0*#*))?(?P<suffix>{_AFFIX})\Z")
_QUOTED = re.compile(r"'((?:[^']|'')*)'")
# Enough to hold any float with all its digits and the digits that are asked for.
_CONTEXT = Context(prec=400, rounding=ROUND_HALF_EVEN)


class InvalidNumberPattern(NodeError):
    """The pattern for numbers is not valid."""

    error_code = "INPUT"


@dataclass(frozen=True, slots=True)
class NumberPattern:
    """A read pattern; `groups` are the digits in the last group and in those before it, 0 for no groups."""

    prefix: str
    suffix: str
    hundredths: bool
    whole_digits: int
    least_digits: int
    most_digits: int
    groups: tuple[int, int]

    def write(self, number: Decimal) -> str:
        """Write a finite number; one that is rounded to zero has no sign."""
        shown = number.scaleb(2, _CONTEXT) if self.hundredths else number
        rounded = shown.quantize(Decimal(1).scaleb(-self.most_digits), context=_CONTEXT)
        whole, _, part = f"{abs(rounded):f}".partition(".")
        part = part[: self.least_digits] + part[self.least_digits :].rstrip("0")
        sign, point = "-" if rounded < 0 else "", "." if part else ""
        return f"{sign}{self.prefix}{self._grouped(self._padded(whole, part))}{point}{part}{self.suffix}"

    def _padded(self, whole: str, part: str) -> str:
        """The digits before the point: a lone zero is left out where the pattern asks for none, but never all."""
        stripped = whole.lstrip("0").rjust(self.whole_digits, "0")
        return stripped or ("" if part else "0")

    def _grouped(self, digits: str) -> str:
        last, others = self.groups
        if not last or len(digits) <= last:
            return digits
        rest, groups = digits[:-last], [digits[-last:]]
        while rest:
            groups.append(rest[-others:])
            rest = rest[:-others]
        return ",".join(reversed(groups))


@lru_cache(maxsize=256)
def compiled(pattern: str) -> NumberPattern:
    """Read a pattern; raises `InvalidNumberPattern`."""
    found = _PATTERN.match(pattern) if len(pattern) <= PATTERN_LIMIT else None
    if not found:
        raise InvalidNumberPattern(
            f"{pattern[:PATTERN_LIMIT]!r} is no pattern for numbers; one looks like #,##0.00, with texts in 'quotes'."
        )
    whole, part = found["whole"], found["part"] or ""
    if max(len(whole), len(part)) > DIGITS_LIMIT:
        raise InvalidNumberPattern(f"The pattern asks for more than {DIGITS_LIMIT} digits on one side of the point.")
    return NumberPattern(
        prefix=_text(found["prefix"]),
        suffix=_text(found["suffix"]),
        hundredths="%" in _QUOTED.sub("", found["prefix"] + found["suffix"]),
        whole_digits=whole.count("0"),
        least_digits=part.count("0"),
        most_digits=len(part),
        groups=_groups(whole),
    )


def _text(affix: str) -> str:
    """The text itself; two quotes stand for one."""
    return _QUOTED.sub(lambda quoted: quoted[1].replace("''", "'") or "'", affix)


def _groups(whole: str) -> tuple[int, int]:
    first, *groups = whole.split(",")
    if not first or not all(groups):
        raise InvalidNumberPattern(f"The pattern has a comma in {whole!r} that parts no digits.")
    if not groups:
        return 0, 0
    return len(groups[-1]), len(groups[-2] if len(groups) > 1 else groups[-1])
