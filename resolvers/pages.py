"""Pages for browsers: an HTML file, and assets whose names change with their content, all from one folder.

The folder is looked into at each request, so a page is there as soon as it has been built. Beside each file there may
be a gzipped copy of it.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.staticfiles import NotModifiedResponse

TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".woff2": "font/woff2",
}
"""What is served, whatever the machine's own tables of types say; nothing else is."""

ASSET = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
ALWAYS_ASK, FOR_EVER = "no-cache", "public, max-age=31536000, immutable"

HEADERS = {
    # The code editor writes its themes and the places of its lines as inline styles, and brings its fonts and cursors
    # in data URLs; scripts and connections are of this server alone.
    "content-security-policy": (
        "default-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; "
        "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}

NOT_BUILT = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>{title} has not been built · Tidegate</title>
<style>
  :root {{ color-scheme: light dark; font: 1.1rem/1.6 system-ui, sans-serif }}
  body {{ max-width: 38rem; margin: 15vh auto; padding: 0 1.5rem }}
  code {{ padding: .15em .4em; border-radius: .3em; background: #8883 }}
</style>
<h1>{title} has not been built yet</h1>
<p>Run <code>make web</code> where Tidegate is checked out, then load this page again; the server need not be
started again. (<code>make dev</code> does it by itself where it can.)</p>
<p>The API is there without it, at <code>/graphql</code>.</p>
</html>
"""


class Page:
    """The page at `path`, such as `/graphiql`, built into `folder`: `index.html`, and what it needs in `assets/`."""

    def __init__(self, title: str, path: str, folder: Path) -> None:
        self._title = title
        self._path = path
        self._folder = folder

    @property
    def routes(self) -> Sequence[BaseRoute]:
        """Where the page and its assets are."""
        return [Route(self._path, self._document), Route(f"{self._path}/assets/{{name}}", self._asset)]

    def _document(self, request: Request) -> Response:
        found = _file(request, self._folder / "index.html", ALWAYS_ASK)
        return found or HTMLResponse(
            NOT_BUILT.format(title=self._title), 503, headers={**HEADERS, "cache-control": "no-store"}
        )

    def _asset(self, request: Request) -> Response:
        name = request.path_params["name"]
        found = _file(request, self._folder / "assets" / name, FOR_EVER) if ASSET.fullmatch(name) else None
        if found is None:
            raise HTTPException(404)
        return found


def _file(request: Request, path: Path, caching: str) -> Response | None:
    """The file, or that the client has it; None if there is no such file or it is none to be served."""
    type = TYPES.get(path.suffix)
    if type is None or not path.is_file():
        return None
    headers = {**HEADERS, "cache-control": caching, "vary": "accept-encoding"}
    packed = path.with_name(f"{path.name}.gz")
    if packed.is_file() and _takes_gzip(request):
        path, headers["content-encoding"] = packed, "gzip"
    response = FileResponse(path, media_type=type, headers=headers, stat_result=path.stat())
    return NotModifiedResponse(response.headers) if has_it(request, response.headers["etag"]) else response


def _takes_gzip(request: Request) -> bool:
    wishes = request.headers.get("accept-encoding", "").lower().replace(" ", "").split(",")
    return any(re.fullmatch(r"(gzip|\*)(;q=(1.*|0\.0*[1-9]\d*))?", wish) for wish in wishes)


def has_it(request: Request, tag: str) -> bool:
    """Whether the client says that it has what this tag stands for."""
    known = [part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")]
    return tag in known or known == ["*"]
