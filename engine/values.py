"""Values that travel along edges: what JSON can say, kept exactly as it was given.

A `Value` couples the data with the bytes that are stored for it, so that a value is encoded once however many events
carry it. What the next node gets is the value as stored. A value of more than `INLINE_LIMIT` bytes is stored beside the
log as a payload, and events carry a reference to it.
"""

import hashlib
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import orjson
from pydantic import BaseModel, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from engine.errors import ValueRefused

INTEGER_MINIMUM = -(2**63)
INTEGER_MAXIMUM = 2**63 - 1
INLINE_LIMIT = 64 * 1024
VALUE_LIMIT = 16 * 1024 * 1024
DEPTH_LIMIT = 200
PREVIEW_LENGTH = 200
ORJSON_BUFFER = 4096
ORJSON_DEPTH = 254
ORJSON_OPTIONS = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
PLAIN = (str, int, float, bool, type(None))
PAYLOAD_KEY = "$payload"
PAYLOAD_MARK = f'"{PAYLOAD_KEY}":'
"""What is in the JSON text of every reference to a payload."""

_ESCAPED_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


class Unloaded:
    """Stands for the data of a payload that has not been read from the store yet."""

    def __repr__(self) -> str:
        return "UNLOADED"


UNLOADED = Unloaded()


@dataclass(frozen=True, slots=True)
class Payload:
    """The stored form of a large value; `id` is the SHA-256 of its JSON text, so equal values share a row."""

    id: str
    text: bytes


class Value:
    """A JSON value and its stored form.

    `data` is the Python value (`UNLOADED` until a payload has been read), `wire` the JSON text that events carry,
    `payload` what must be stored beside them.
    """

    __slots__ = ("data", "payload", "wire")

    def __init__(self, data: Any, wire: bytes, payload: Payload | None = None) -> None:
        self.data = data
        self.wire = wire
        self.payload = payload

    @classmethod
    def of(cls, data: Any) -> "Value":
        """Take a value into the service; raises `ValueRefused` for what cannot be stored exactly."""
        if type(data) is int and INTEGER_MINIMUM <= data <= INTEGER_MAXIMUM:
            return cls(data, b"%d" % data)
        text = encode(data)
        if type(data) in PLAIN:
            return cls._sized(data, text)
        _check_size(text)
        data = orjson.loads(text)
        check_depth(data, text)
        if isinstance(data, dict) and data.keys() == {PAYLOAD_KEY}:
            raise ValueRefused(f"An object whose only key is {PAYLOAD_KEY!r} is reserved for stored payloads.")
        return cls._sized(data, text)

    @classmethod
    def _sized(cls, data: Any, text: bytes) -> "Value":
        if len(text) <= INLINE_LIMIT:
            return cls(data, text)
        _check_size(text)
        payload = Payload(hashlib.sha256(text).hexdigest(), text)
        return cls(data, payload_reference(payload), payload)

    @classmethod
    def stored(cls, data: Any) -> "Value":
        """Read a value back from an event; a payload reference stays `UNLOADED`."""
        loaded = UNLOADED if payload_id(data) else data
        return cls(loaded, _compact(orjson.dumps(data)))

    @classmethod
    def listed(cls, values: "Sequence[Value]") -> "Value":
        """Join values into one that is the list of them; raises `ValueRefused` where that is too large."""
        text = b"[" + b",".join(value.text for value in values) + b"]"
        return cls._sized([value.data for value in values], text)

    def fresh(self) -> Any:
        """The data as an object of the caller's own, which it may change."""
        return orjson.loads(self.text) if isinstance(self.data, (dict, list)) else self.data

    @property
    def text(self) -> bytes:
        """The whole value as JSON text."""
        return self.payload.text if self.payload else self.wire

    def load(self, text: bytes) -> None:
        """Fill in what the payload store keeps for this value."""
        self.data = orjson.loads(text)
        self.payload = Payload(str(payload_id(orjson.loads(self.wire))), text)

    @property
    def reference(self) -> str | None:
        """The id of the payload that must be read before `data` can be used, else None."""
        return payload_id(orjson.loads(self.wire)) if self.data is UNLOADED else None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Value) and self.wire == other.wire

    def __hash__(self) -> int:
        return hash(self.wire)

    def __repr__(self) -> str:
        return f"Value({self.wire[:80].decode(errors='replace')})"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        read = core_schema.no_info_plain_validator_function(
            lambda data: data if type(data) is cls else cls.stored(data)
        )
        return core_schema.json_or_python_schema(read, read)


class FreshData(Mapping[str, Any]):
    """The data of values by name, made anew each time that it is asked for."""

    def __init__(self, values: Mapping[str, Value]) -> None:
        self._values = values

    def __getitem__(self, name: str) -> Any:
        return self._values[name].fresh()

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def encode(data: Any) -> bytes:
    """Turn data into JSON text; raises `ValueRefused` for what JSON or the store cannot keep exactly.

    Refused are NaN and infinities, integers beyond 64 bits, lone surrogates, NUL characters, keys that are no strings
    and types that JSON does not have.
    """
    try:
        text = _compact(orjson.dumps(data, default=_plain, option=ORJSON_OPTIONS))
    except (TypeError, orjson.JSONEncodeError, RecursionError) as error:
        raise ValueRefused(f"The value cannot be stored as JSON: {error}.") from None
    if b"null" in text and _has_non_finite(data):
        raise ValueRefused("The value contains NaN or an infinity, which JSON does not have.")
    if b"\\u0000" in text and _ESCAPED_NUL.search(text):
        raise ValueRefused("The value contains a NUL character, which cannot be stored.")
    return text


def _plain(part: Any) -> Any:
    if isinstance(part, BaseModel):
        return dict(part)
    raise TypeError(f"Type is not JSON serializable: {type(part).__name__}")


def check_length(length: int) -> None:
    """Refuse a text of so many characters before it is made; raises `ValueRefused`."""
    if length > VALUE_LIMIT:
        raise ValueRefused(f"The text would have {length} characters; the limit is {VALUE_LIMIT}.")


def _check_size(text: bytes) -> None:
    if len(text) > VALUE_LIMIT:
        raise ValueRefused(f"The value has {len(text)} bytes; the limit is {VALUE_LIMIT}.")


def check_depth(data: Any, text: bytes) -> None:
    """Refuse data, with its JSON text, that is nested so deeply that nothing could be put around it any more.

    Raises `ValueRefused`. A list of values, which a port for many makes, may be one level deeper than a value.
    """
    if text.count(b"[") + text.count(b"{") <= DEPTH_LIMIT:
        return
    for _ in range(ORJSON_DEPTH - DEPTH_LIMIT):
        data = [data]
    try:
        orjson.dumps(data)
    except orjson.JSONEncodeError:
        raise ValueRefused(f"The value is nested more than {DEPTH_LIMIT} levels deep.") from None


def _compact(text: bytes) -> bytes:
    """Copy a short text: orjson leaves each of its results in a buffer of at least 4 KiB."""
    return bytes(memoryview(text)) if len(text) < ORJSON_BUFFER else text


def _has_non_finite(data: Any) -> bool:
    match data:
        case float():
            return not math.isfinite(data)
        case dict():
            return any(_has_non_finite(item) for item in data.values())
        case list() | tuple():
            return any(_has_non_finite(item) for item in data)
        case BaseModel():
            return _has_non_finite(dict(data))
        case Enum():
            return _has_non_finite(data.value)
        case _:
            return False


def payload_reference(payload: Payload) -> bytes:
    """Make what events say in place of a large value: `{"$payload": {"id", "bytes", "preview"}}`."""
    preview = payload.text[: PREVIEW_LENGTH * 4].decode(errors="ignore")[:PREVIEW_LENGTH]
    return orjson.dumps({PAYLOAD_KEY: {"id": payload.id, "bytes": len(payload.text), "preview": preview}})


def payload_id(data: Any) -> str | None:
    """The payload that a stored value refers to, or None where the value itself is there."""
    if isinstance(data, dict) and data.keys() == {PAYLOAD_KEY}:
        reference = data[PAYLOAD_KEY]
        return str(reference["id"]) if isinstance(reference, dict) and "id" in reference else None
    return None


NULL = Value(None, b"null")
