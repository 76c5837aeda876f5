"""url.build: puts a web address together."""

from urllib.parse import quote

from pydantic import Field

from engine.attribution import attributed
from engine.errors import InputError
from engine.exchange import URL_LIMIT, Query, checked_url, with_query
from engine.node import Context, Input, Node, Output

# What a segment of a path may have as it is (RFC 3986, section 3.3).
_SEGMENT = "!$&'()*+,;=:@"


class UrlBuildInput(Input):
    base: str = Field(max_length=URL_LIMIT, description="The address to begin with, such as https://example.com/v1.")
    path: str | None = Field(
        default=None,
        max_length=URL_LIMIT,
        description="What to add to its path, as plain text: a/b are two steps, and a space becomes %20.",
    )
    query: Query = Field(
        default_factory=dict, description="Parameters to add, as plain values; an array repeats its parameter."
    )


class UrlBuildOutput(Output):
    url: str = Field(description="The address.")


class UrlBuild(Node[UrlBuildInput, UrlBuildOutput]):
    """Puts a web address together from a base, a path and parameters, and encodes what is special in them:
    https://example.com/v1 with the path a b and q as 1&2 is https://example.com/v1/a%20b?q=1%262."""

    type = "url.build"
    title = "URL build"
    pure = True

    async def run(self, inputs: UrlBuildInput, context: Context) -> UrlBuildOutput:
        with attributed("base"):
            base = checked_url(inputs.base)
        if inputs.path:
            steps = f"{base.raw_path.partition(b'?')[0].decode().rstrip('/')}/{_encoded(inputs.path)}"
            query = f"?{base.query.decode()}" if base.query else ""
            base = base.copy_with(raw_path=f"{steps}{query}".encode())
        url = str(with_query(base, inputs.query))
        if len(url) > URL_LIMIT:
            raise InputError(f"The address would have {len(url)} characters; the limit is {URL_LIMIT}.")
        return UrlBuildOutput(url=url)


def _encoded(path: str) -> str:
    steps = path.removeprefix("/").split("/")
    if any(step in (".", "..") for step in steps):
        raise InputError("Input 'path': the steps . and .. are not allowed, as they lead elsewhere.")
    return "/".join(quote(step, safe=_SEGMENT) for step in steps)
