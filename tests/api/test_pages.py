"""Pages for browsers, as they are served: GraphiQL in development only, from files that may not have been built yet."""

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from resolvers.app import create_app
from resolvers.policy import Policy
from resolvers.services import open_services
from tidegate.reference import FLOW_SCHEMA

SCRIPT = "/graphiql/assets/main-B3x_-9.js"
CODE = b"console.log('of the tide')"
PACKED = b"Nothing here unpacks it."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small build."""
    built = tmp_path / "graphiql"
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_text("<!doctype html>")
    (built / "assets" / "main-B3x_-9.js").write_bytes(CODE)
    (built / "assets" / "main-B3x_-9.js.gz").write_bytes(gzip.compress(CODE))
    (built / "assets" / "plain.css").write_text("a {}")
    (built / "assets" / "notes.txt").write_text("not for browsers")
    (built / "assets" / ".hidden.js").write_text("not for browsers")
    (tmp_path / "secret.js").write_text("not for browsers")
    return built


def client(folder: Path | None) -> httpx.AsyncClient:
    app = create_app(lambda: open_services("", ""), Policy(), graphiql=folder)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://tide.example")


@pytest.fixture
async def http(folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with client(folder) as opened:
        yield opened


async def test_the_page_is_asked_for_each_time_and_its_assets_once(http: httpx.AsyncClient) -> None:
    page, script = await http.get("/graphiql"), await http.get(SCRIPT)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert page.headers["cache-control"] == "no-cache"
    assert (script.status_code, script.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("path", ["/graphiql", SCRIPT])
async def test_nothing_of_a_page_may_come_from_elsewhere_or_be_framed(http: httpx.AsyncClient, path: str) -> None:
    headers = (await http.get(path)).headers
    rules = dict(rule.split(" ", 1) for rule in headers["content-security-policy"].split("; "))
    assert rules["default-src"] == "'self'"
    assert rules["frame-ancestors"] == "'none'"
    assert "script-src" not in rules
    assert "connect-src" not in rules
    assert not any("http" in rule or "*" in rule for rule in rules.values())
    assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")


@pytest.mark.parametrize(
    ("wish", "encoding"),
    [
        ("gzip, deflate, br", "gzip"),
        ("br;q=1.0, GZIP;q=0.5", "gzip"),
        ("*", "gzip"),
        ("gzip;q=0", None),
        ("gzip; q=0.0", None),
        ("br", None),
        ("identity", None),
    ],
)
async def test_the_gzipped_copy_is_sent_to_who_takes_it(
    http: httpx.AsyncClient, wish: str, encoding: str | None
) -> None:
    script = await http.get(SCRIPT, headers={"accept-encoding": wish})
    assert (script.content, script.headers.get("content-encoding"), script.headers["vary"]) == (
        CODE,
        encoding,
        "accept-encoding",
    )
    length = len(CODE) if encoding is None else len(gzip.compress(CODE))
    assert script.headers["content-length"] == str(length)


async def test_a_file_without_a_gzipped_copy_is_sent_as_it_is(http: httpx.AsyncClient) -> None:
    styles = await http.get("/graphiql/assets/plain.css", headers={"accept-encoding": "gzip"})
    assert (styles.text, "content-encoding" in styles.headers) == ("a {}", False)


@pytest.mark.parametrize("path", ["/graphiql", SCRIPT])
async def test_head_tells_the_same_without_the_body(http: httpx.AsyncClient, path: str) -> None:
    whole, head = await http.get(path), await http.head(path)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-type", "content-length", "content-encoding", "etag", "cache-control"):
        assert head.headers.get(name) == whole.headers.get(name)


@pytest.mark.parametrize("path", ["/graphiql", SCRIPT])
async def test_what_the_browser_has_is_not_sent_again(http: httpx.AsyncClient, path: str) -> None:
    whole = await http.get(path)
    tag = whole.headers["etag"]
    for known in (tag, f'"other", W/{tag}', "*"):
        again = await http.get(path, headers={"if-none-match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert again.headers["cache-control"] == whole.headers["cache-control"]
    assert (await http.get(path, headers={"if-none-match": '"other"'})).status_code == 200
    plain = await http.get(path, headers={"accept-encoding": "identity", "if-none-match": tag})
    assert plain.status_code == (304 if path == "/graphiql" else 200)


@pytest.mark.parametrize(
    "name",
    [
        "missing.js",
        "notes.txt",
        ".hidden.js",
        "main-B3x_-9.js.gz",
        "../index.html",
        "..%2findex.html",
        "..%2f..%2fsecret.js",
        "..%5c..%5csecret.js",
        "%2e%2e/%2e%2e/secret.js",
        "%00.js",
        "",
    ],
)
async def test_nothing_but_the_assets_is_served(http: httpx.AsyncClient, name: str) -> None:
    assert (await http.get(f"/graphiql/assets/{name}")).status_code == 404


async def test_a_page_is_only_read(http: httpx.AsyncClient) -> None:
    assert (await http.post("/graphiql")).status_code == 405


async def test_a_page_that_has_not_been_built_says_how_to_and_is_there_once_it_is(tmp_path: Path) -> None:
    async with client(tmp_path / "dist") as http:
        missing = await http.get("/graphiql")
        assert (missing.status_code, missing.headers["cache-control"]) == (503, "no-store")
        assert "make web" in missing.text
        assert "default-src 'none'" in missing.headers["content-security-policy"]

        (tmp_path / "dist").mkdir()
        (tmp_path / "dist" / "index.html").write_text("built")
        assert (await http.get("/graphiql")).text == "built"


@pytest.mark.parametrize("path", ["/graphiql", SCRIPT])
async def test_in_production_there_is_no_page(path: str) -> None:
    async with client(None) as http:
        assert (await http.get(path)).status_code == 404


async def test_the_schema_of_flow_documents_is_for_everybody_and_asked_for_once() -> None:
    async with client(None) as http:
        served = await http.get("/schemas/flow.json")
        again = await http.get("/schemas/flow.json", headers={"if-none-match": served.headers["etag"]})

    assert served.text == FLOW_SCHEMA.read_text(encoding="utf-8")
    assert served.headers["content-type"] == "application/schema+json"
    assert served.headers["cache-control"] == "public, max-age=3600"
    assert (again.status_code, again.content) == (304, b"")


@pytest.fixture
async def console(folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A server whose console is that build."""
    (folder / "assets" / "main-B3x_-9.js.br").write_bytes(PACKED)
    app = create_app(lambda: open_services("", ""), Policy(), console=folder)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://tide.example") as opened:
        yield opened


@pytest.mark.parametrize("path", ["/", "/flows", "/executions/EX06H18KGGG0RGGMZJ"])
async def test_links_into_the_console_lead_there_but_only_browsers_that_want_a_document(
    console: httpx.AsyncClient, path: str
) -> None:
    page = await console.get(path, headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert (page.status_code, page.text, page.headers["cache-control"]) == (200, "<!doctype html>", "no-cache")
    other = await console.get(path)
    assert (other.status_code, other.headers["cache-control"]) == (
        (200, "no-cache") if path == "/" else (404, "no-store")
    )


async def test_the_console_allows_no_inline_scripts_or_styles(console: httpx.AsyncClient) -> None:
    policy = (await console.get("/")).headers["content-security-policy"]
    assert policy.startswith("default-src 'self'; ")
    assert not any(word in policy for word in ("unsafe", "data:", "http", "*"))


async def test_the_smallest_copy_that_the_client_takes_is_sent(console: httpx.AsyncClient) -> None:
    script = SCRIPT.removeprefix("/graphiql")
    for wish, encoding in (("gzip, br", "br"), ("gzip", "gzip"), ("br;q=0, gzip", "gzip")):
        async with console.stream("GET", script, headers={"accept-encoding": wish}) as answer:
            assert answer.headers["content-encoding"] == encoding
