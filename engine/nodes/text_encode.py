"""text.encode: writes a text in base 64, hex or for URLs, and reads it back."""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import Literal
from urllib.parse import quote, unquote_to_bytes

from pydantic import Field

from engine.errors import InputError
from engine.node import Context, Input, Node, Output

Encoding = Literal["base64", "hex", "url"]

_LONE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


class EncodeInput(Input):
    text: str = Field(description="The text.")
    encoding: Encoding = Field(
        description="base64: the common alphabet with padding, hex: two digits a byte, url: percent signs before all "
        "but letters, digits and -._~."
    )
    decode: bool = Field(default=False, description="Read what is so encoded, instead of writing it.")


class EncodeOutput(Output):
    text: str = Field(description="The encoded text, or the decoded one.")


class Encode(Node[EncodeInput, EncodeOutput]):
    """Encodes the bytes that a text has in UTF-8, or decodes them: a b for a URL is a%20b. What is decoded must be a
    text again. An encoding hides nothing: anyone can read it."""

    type = "text.encode"
    pure = True

    async def run(self, inputs: EncodeInput, context: Context) -> EncodeOutput:
        if not inputs.decode:
            return EncodeOutput(text=ENCODERS[inputs.encoding](inputs.text.encode()))
        try:
            return EncodeOutput(text=DECODERS[inputs.encoding](inputs.text).decode())
        except UnicodeDecodeError:
            raise InputError("Input 'text': what it holds is no text in UTF-8.") from None
        except (ValueError, binascii.Error) as error:
            raise InputError(f"Input 'text': it is not {inputs.encoding}: {error}.") from None


def _hex_decoded(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise ValueError("it has to be pairs of hexadecimal digits") from None


def _percent_decoded(text: str) -> bytes:
    if found := _LONE_PERCENT.search(text):
        raise ValueError(f"the % at {found.start()} has no two hexadecimal digits after it")
    return unquote_to_bytes(text)


ENCODERS: Mapping[Encoding, Callable[[bytes], str]] = {
    "base64": lambda data: base64.b64encode(data).decode(),
    "hex": bytes.hex,
    "url": lambda data: quote(data, safe=""),
}

DECODERS: Mapping[Encoding, Callable[[str], bytes]] = {
    "base64": lambda text: base64.b64decode(text, validate=True),
    "hex": _hex_decoded,
    "url": _percent_decoded,
}
