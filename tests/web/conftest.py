"""One Chromium for all tests of pages, which share a service too."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tidegate.processes import ROOT, Dev
from tests.web.browser import Browser, Page, browser, chromium
from tests.web.ide import Ide

NO_BROWSER = "there is no Chromium on this machine, so no page was tested (Debian: apt-get install chromium)"
NO_BUILD = "the pages have not been built, because Node.js cannot be had here: make web"


@pytest.fixture(scope="session")
def running_browser(session_folder: Path) -> Iterator[Browser]:
    """A Chromium that reaches nothing but this machine."""
    path = chromium()
    if path is None:
        pytest.skip(NO_BROWSER)
    if not all((ROOT / "web" / "dist" / name / "index.html").exists() for name in ("console", "graphiql")):
        pytest.skip(NO_BUILD)
    with browser(path, session_folder / "chromium") as opened:
        yield opened


@pytest.fixture(scope="session")
def loaded(running_browser: Browser, service: Dev) -> Iterator[Ide]:
    """GraphiQL, loaded once because that takes longest; tests write into tabs that they add."""
    with running_browser.page(service.at("/graphiql")) as page:
        yield Ide(page)


@pytest.fixture
def ide(loaded: Ide) -> Ide:
    """GraphiQL with what it noted in other tests forgotten."""
    loaded.page.forget()
    return loaded


@pytest.fixture(scope="module")
def console(running_browser: Browser, service: Dev) -> Iterator[Page]:
    """The console as it opens."""
    with running_browser.page(service.at("/")) as page:
        yield page
