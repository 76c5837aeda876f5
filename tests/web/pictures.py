"""Takes a picture of every page of the console, light and dark: `python -m tests.web.pictures docs/console`."""

import argparse
import tempfile
import time
from pathlib import Path

from tests.tidegate.processes import dev
from tests.web.api import start
from tests.web.browser import Page, browser, chromium
from tests.web.console import go, shows
from tests.web.places import Place, places

SIZE = {"width": 1280, "height": 720, "deviceScaleFactor": 1, "mobile": False}
DRAWN_SECONDS = 2.0
"""Within which a graph is laid out and what moves has come to rest."""
FLOWS = ("Order total", "Orders as events", "Settings with a fallback", "Shipping fee", "Staged rollout")


def take(folder: Path) -> None:
    """Take the pictures, on a service of their own in which a few flows have run."""
    path = chromium()
    if path is None:
        raise SystemExit("There is no Chromium here.")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as own, dev(Path(own) / "service") as service:
        for flow in FLOWS:
            start(service, flow)
        waiting = start(service, "Approval with a deadline", labels=[{"name": "team", "value": "billing"}])
        with browser(path, Path(own) / "profile") as opened, opened.page(service.at("/")) as page:
            page.call("Emulation.setDeviceMetricsOverride", **SIZE)
            for place in places(service, waiting):
                _take(page, place, folder)


def _take(page: Page, place: Place, folder: Path) -> None:
    go(page, place.address)
    shows(page, place.sign)
    time.sleep(DRAWN_SECONDS)
    for dark in (False, True):
        page.prefer(dark=dark, still=True)
        page.screenshot(folder / f"{place.name}-{'dark' if dark else 'light'}.png")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    take(parser.parse_args().folder)
