"""Clients of others before a running stack: registered as by their makers, with a real browser where they need one."""

import functools
import io
import json
import os
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from selenium.common.exceptions import WebDriverException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service as ChromeService
from selenium.webdriver.support.wait import WebDriverWait

from onestop_local import registry
from onestop_local.node import packages
from onestop_local.stack import Stack
from onestop_local.testing.programs import program

QUIET = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
PATIENCE_SECONDS = 20
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CHECK = """
const done = arguments[arguments.length - 1];
axe.run(document, {runOnly: arguments[0]}).then((it) => done(it.violations.map((v) =>
  [v.id, v.help, ...v.nodes.map((n) => n.html)].join(' | '))));
"""


class Window(Chrome):
    """A browser's window."""

    def until(self, seen: Callable[["Window"], Any]) -> Any:
        """Wait for what a page shows; one that is on its way out may be met. Return what was seen."""
        return WebDriverWait(self, PATIENCE_SECONDS, ignored_exceptions=(WebDriverException,)).until(seen)


@pytest.fixture
def register(stack: Stack, tmp_path: Path) -> Callable[[dict[str, Any]], Awaitable[None]]:
    """Return what registers a client with the stack, as `client add` does."""

    async def register_one(described: dict[str, Any]) -> None:
        file = tmp_path / f"{described['client_id']}.json"
        file.write_text(json.dumps(described))
        await registry.add(stack, file, Console(file=io.StringIO()))

    return register_one


@pytest.fixture
def serve() -> Iterator[Callable[[Path], str]]:
    """Return what serves a folder of static files at an address of its own."""
    with ExitStack() as running:

        def serve_one(folder: Path) -> str:
            handler = functools.partial(_Files, directory=str(folder))
            server = running.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), handler))
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            running.callback(thread.join)
            running.callback(server.shutdown)
            return f"http://127.0.0.1:{server.server_port}"

        yield serve_one


@pytest.fixture
def open_window(tmp_path: Path) -> Iterator[Callable[..., Window]]:
    """Return what opens a real browser with nothing remembered, in a window of a given width and height."""
    with ExitStack() as opened:

        def open_one(width: int = 1280, height: int = 900, language: str = "zh-CN") -> Window:
            options = ChromeOptions()
            options.binary_location = program("chromium")
            for argument in (*QUIET, f"--window-size={width},{height}"):
                options.add_argument(argument)
            options.add_experimental_option("prefs", {"intl.accept_languages": language})
            options.set_capability("goog:loggingPrefs", {"browser": "WARNING"})
            log = opened.enter_context((tmp_path / f"chromedriver-{width}.log").open("wb"))
            window = Window(options, ChromeService(program("chromedriver"), log_output=log))
            opened.callback(window.quit)
            window.execute_cdp_cmd(
                "Emulation.setDeviceMetricsOverride",
                {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600},
            )
            return window

        yield open_one


@pytest.fixture
def require_readable(tmp_path: Path) -> Callable[[Window, str], None]:
    """Return what holds the page in a window to what everybody needs: nothing sideways, nothing that axe-core finds.

    It leaves a picture in the folder that ONESTOP_SCREENS names, or in one that is soon forgotten.
    """
    screens = Path(os.environ.get("ONESTOP_SCREENS") or tmp_path)
    screens.mkdir(exist_ok=True)

    def require(window: Window, name: str) -> None:
        hidden = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
        width = window.execute_script(hidden)
        window.save_screenshot(str(screens / f"{name}.png"))
        assert width == 0, "it scrolls sideways"
        assert _barriers(window) == []

    return require


def _barriers(window: Window) -> list[str]:
    """Return what axe-core finds; the page's own policy lets no script in, so it comes by the debugger."""
    window.execute_script((packages() / "axe-core" / "axe.min.js").read_text())
    found: list[str] = window.execute_async_script(CHECK, RULES)
    return found


class _Files(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
        """Say nothing."""
