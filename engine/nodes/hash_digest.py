"""hash.digest: makes a fingerprint of a text."""

import hashlib
from typing import Literal

from pydantic import Field

from engine.node import Context, Input, Node, Output


class DigestInput(Input):
    text: str = Field(description="The text; its bytes in UTF-8 count.")
    algorithm: Literal["sha256", "sha384", "sha512", "sha3_256", "sha3_512", "blake2b", "blake2s", "sha1", "md5"] = (
        Field(description="How; sha1 and md5 are for old formats only, as others can be made to have the same digest.")
    )


class DigestOutput(Output):
    result: str = Field(description="The digest, in hexadecimal digits.")


class Digest(Node[DigestInput, DigestOutput]):
    """Makes the digest of a text, which is the same for the same text only: sha256 of abc begins with ba7816bf. It is
    not fit for keeping passwords."""

    type = "hash.digest"
    pure = True

    async def run(self, inputs: DigestInput, context: Context) -> DigestOutput:
        digest = hashlib.new(inputs.algorithm, inputs.text.encode(), usedforsecurity=False)
        return DigestOutput(result=digest.hexdigest())
