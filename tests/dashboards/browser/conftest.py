"""A real Chromium without a network, and what it said about a page."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from components.records import Comparison
from dashboards.render import render

NAMES = ("chromium", "chromium-browser", "google-chrome")


@dataclass
class Opened:
    """A page as it stands in the browser, what its console said and what it asked for."""

    page: Page
    said: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def shown(self, selector: str) -> list[str]:
        """The text of every visible element."""
        return [one.inner_text() for one in self.page.locator(selector).all() if one.is_visible()]

    def labels(self) -> list[str]:
        """The rows of the table from top to bottom."""
        return self.page.locator("#ranked .label").all_inner_texts()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        missing = f"none of {', '.join(NAMES)} is installed (Debian: apt-get install chromium)"
        if os.environ.get("UNROLL_BROWSER") == "required":
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """Opens the page of a comparison as a file, with the network off."""
    contexts = []

    def open_page(
        comparison: Comparison,
        *,
        width: int = 1440,
        height: int = 900,
        scheme: str = "light",
        script: bool = True,
        draw: bool = True,
        init: str = "",
    ) -> Opened:
        file = tmp_path / f"page-{len(contexts)}.html"
        file.write_text(render(comparison), encoding="utf-8")
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            java_script_enabled=script,
        )
        contexts.append(context)
        context.set_offline(True)
        opened = Opened(context.new_page())
        opened.page.on("console", lambda message: opened.said.append(message.text))
        opened.page.on("pageerror", lambda error: opened.said.append(str(error)))
        opened.page.on("dialog", lambda dialog: opened.said.append(dialog.message))
        opened.page.on("request", lambda request: opened.requests.append(request.url))
        if init:
            opened.page.add_init_script(init)
        opened.page.goto(file.as_uri())
        if script and draw:
            opened.page.evaluate("Unroll.drawAll()")
        return opened

    yield open_page
    for context in contexts:
        context.close()
