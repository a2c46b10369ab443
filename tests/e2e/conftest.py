"""Browser tests need a Chromium of this machine's. Without one they are left out, in words, or fail if asked for."""

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.e2e.visits import Visits

HERE = Path(__file__).parent
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The first is Debian's Chromium without what draws windows: all tests take 0.63 of the time."""
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
LEFT_OUT = "The browser tests were left out: no Chromium found. Install one and run `make e2e`."


def browser_path() -> str | None:
    """Return the browser to use: E2E_BROWSER, or a Chromium on the path."""
    return os.environ.get("E2E_BROWSER") or next(filter(None, map(shutil.which, NAMES)), None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if browser_path() or os.environ.get("E2E_WANTED"):
        return
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.skip(reason=LEFT_OUT))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Iterator[None] | None:
    if not browser_path():
        terminalreporter.write_line(LEFT_OUT, yellow=True)
    return None


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Return the one browser; every launch has a profile of its own, which ends with it."""
    path = browser_path()
    assert path, "no Chromium found"
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=path, headless=True, args=FLAGS)
        yield launched
        await launched.close()


@pytest_asyncio.fixture(loop_scope="session")
async def visits(browser: Browser) -> AsyncIterator[Visits]:
    """Return who opens pages; afterwards nothing may have gone wrong in any, or been asked for elsewhere."""
    made = Visits(browser)
    yield made
    await made.close()
    assert made.problems == []
    assert made.elsewhere == []
