"""Pages for browsers: an HTML file, and assets whose names change with their content, all from one folder.

The folder is looked into at each request, so a page is there as soon as it has been built. Beside each file there may
be compressed copies of it.
"""

import re
from collections.abc import Mapping, Sequence
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

ENCODINGS = {"br": ".br", "gzip": ".gz"}
"""How the names of compressed copies end, the smaller copy first."""

HEADERS = {"x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}

NOTHING_FOREIGN = "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
STRICT = f"default-src 'self'; {NOTHING_FOREIGN}"
"""All is of this server alone, and nothing stands in the document itself."""
FOR_EDITORS = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; "
    + NOTHING_FOREIGN
)
"""Monaco writes its themes and the places of its lines as inline styles, and brings fonts and cursors in data URLs."""

FOR_A_NOTICE = f"default-src 'none'; style-src 'unsafe-inline'; {NOTHING_FOREIGN}"

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
    """The page at `path`, such as `/graphiql`, built into `folder`: `index.html`, and what it needs in `assets/`.

    `policy` is its content security policy. A page with `places` is also at every address below its path that a browser
    asks a document for, so that links into it lead there; it must come last.
    """

    def __init__(self, title: str, path: str, folder: Path, policy: str = STRICT, *, places: bool = False) -> None:
        self._title = title
        self._path = path.rstrip("/")
        self._folder = folder
        self._headers = {**HEADERS, "content-security-policy": policy}
        self._places = places

    @property
    def routes(self) -> Sequence[BaseRoute]:
        """Where the page and its assets are."""
        routes = [
            Route(self._path or "/", self._document),
            Route(f"{self._path}/assets/{{name}}", self._asset),
        ]
        return [*routes, Route(f"{self._path}/{{place:path}}", self._place)] if self._places else routes

    def _document(self, request: Request) -> Response:
        found = self._file(request, self._folder / "index.html", ALWAYS_ASK)
        return found or HTMLResponse(
            NOT_BUILT.format(title=self._title),
            503,
            headers={**HEADERS, "content-security-policy": FOR_A_NOTICE, "cache-control": "no-store"},
        )

    def _place(self, request: Request) -> Response:
        if "text/html" not in request.headers.get("accept", ""):
            # What stands between must not give this to a browser that wants the document.
            raise HTTPException(404, headers={"cache-control": "no-store"})
        return self._document(request)

    def _asset(self, request: Request) -> Response:
        name = request.path_params["name"]
        found = self._file(request, self._folder / "assets" / name, FOR_EVER) if ASSET.fullmatch(name) else None
        if found is None:
            raise HTTPException(404)
        return found

    def _file(self, request: Request, path: Path, caching: str) -> Response | None:
        """The file, or that the client has it; None if there is no such file or it is none to be served."""
        type = TYPES.get(path.suffix)
        if type is None or not path.is_file():
            return None
        headers = {**self._headers, "cache-control": caching, "vary": "accept-encoding"}
        path, encoding = _smallest(path, request)
        response = FileResponse(path, media_type=type, headers={**headers, **encoding}, stat_result=path.stat())
        return NotModifiedResponse(response.headers) if has_it(request, response.headers["etag"]) else response


def _smallest(path: Path, request: Request) -> tuple[Path, Mapping[str, str]]:
    """The smallest copy of a file that the client takes, and the header that says what it is."""
    for encoding, suffix in ENCODINGS.items():
        packed = path.with_name(f"{path.name}{suffix}")
        if packed.is_file() and _takes(encoding, request):
            return packed, {"content-encoding": encoding}
    return path, {}


def _takes(encoding: str, request: Request) -> bool:
    wishes = request.headers.get("accept-encoding", "").lower().replace(" ", "").split(",")
    return any(re.fullmatch(rf"({encoding}|\*)(;q=(1.*|0\.0*[1-9]\d*))?", wish) for wish in wishes)


def has_it(request: Request, tag: str) -> bool:
    """Whether the client says that it has what this tag stands for."""
    known = [part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")]
    return tag in known or known == ["*"]
