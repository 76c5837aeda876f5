"""csv.parse: reads a table of comma-separated values."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from typing import Any

from pydantic import Field

from engine.attribution import attributed
from engine.errors import InputError
from engine.evaluation import STRIDE, Pause
from engine.node import Context, Input, Node, Output
from engine.values import VALUE_LIMIT

# What JSON puts around a text, and around a row.
_QUOTES = 3


class CsvParseInput(Input):
    text: str = Field(description="The text, as RFC 4180 has it; a field has at most 131072 characters.")
    header: bool = Field(default=True, description="Whether the first row has the names of the columns.")
    delimiter: str = Field(
        default=",",
        pattern=r'^[^"\r\n]$',
        description="The character between fields, such as ; or a tab.",
    )


class CsvParseOutput(Output):
    rows: list[Any] = Field(
        description="The rows, all of their fields as texts: objects by the names of the header, without one arrays."
    )


class CsvParse(Node[CsvParseInput, CsvParseOutput]):
    """Reads a table of comma-separated values: of id,name and 7,Ada it makes {id: "7", name: "Ada"}. Empty lines are
    skipped; a row that is longer or shorter than the header fails. Fields are texts; number.parse reads numbers."""

    type = "csv.parse"
    title = "CSV parse"
    pure = True

    async def run(self, inputs: CsvParseInput, context: Context) -> CsvParseOutput:
        rows, pause = [], Pause()
        with attributed("text"):
            for number, row in enumerate(_rows(inputs)):
                rows.append(row)
                if number % STRIDE == 0:
                    await pause.when_due()
        return CsvParseOutput(rows=rows)


def _rows(inputs: CsvParseInput) -> Iterator[list[str] | dict[str, str]]:
    """The rows; raises `InputError` that names the line, and where the names of columns, in each row, are too much."""
    lines = io.StringIO(inputs.text.removeprefix("\ufeff"), newline="")
    reader = csv.reader(lines, delimiter=inputs.delimiter, strict=True)
    names, left = None, VALUE_LIMIT
    try:
        for fields in filter(None, reader):
            if inputs.header and names is None:
                names = _header(fields)
                continue
            if names and len(fields) != len(names):
                raise InputError(f"line {reader.line_num} has {len(fields)} fields, but the header {len(names)}.")
            left -= sum(len(field) + _QUOTES for field in (*(names or ()), *fields))
            if left < 0:
                raise InputError(f"up to line {reader.line_num} the rows have more than {VALUE_LIMIT} bytes.")
            yield dict(zip(names, fields, strict=True)) if names else fields
    except csv.Error as error:
        raise InputError(f"line {reader.line_num} is not CSV: {error}.") from None


def _header(names: list[str]) -> list[str]:
    name, times = Counter(names).most_common(1)[0]
    if times > 1:
        raise InputError(f"the header has the name {name!r} more than once.")
    return names
