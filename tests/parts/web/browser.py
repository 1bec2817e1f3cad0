"""Debian's Chromium, driven by playwright: pages that note every request and every complaint of the browser.

/usr/bin/chromium ──Browser──► Page ──► requests, complaints, serious violations of accessibility
"""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Dialog, Page, expect, sync_playwright

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
_TIMEOUT_MS = 40_000  # a deadline for a machine that does much else
# A sandbox inside a container is often impossible, and Chromium refuses to run as root with one.
_ARGUMENTS = ["--autoplay-policy=no-user-gesture-required", *(["--no-sandbox"] if os.geteuid() == 0 else [])]


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless browser; no other event loop can run in this thread meanwhile."""
    expect.set_options(timeout=_TIMEOUT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


class Watched:
    """A page, what it asked for, and what the browser complained about: policy, scripts, missing files."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self._note(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", self._dialog)

    def _dialog(self, dialog: Dialog) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _note(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.complaints.append(text)


@contextmanager
def watched(
    browser: Browser,
    *,
    width: int = 1100,
    height: int = 850,
    scheme: Literal["light", "dark"] = "light",
    offline: bool = False,
) -> Iterator[Watched]:
    """A page in a context of its own."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, offline=offline, accept_downloads=True
    )
    context.set_default_timeout(_TIMEOUT_MS)
    try:
        yield Watched(context.new_page())
    finally:
        context.close()


def wait_in_page(page: Page, expression: str, arg: object = None) -> object:
    """The value of a JavaScript expression or function once it is true; fail with it after the deadline.

    playwright's own ``wait_for_function`` is not it: it calls ``eval`` inside the page at every look but the first,
    which the policy of our pages (``script-src 'self'``) refuses.
    """
    deadline_s = time.monotonic() + _TIMEOUT_MS / 1000
    while not (value := page.evaluate(expression, arg)):
        if time.monotonic() > deadline_s:
            pytest.fail(f"not within {_TIMEOUT_MS / 1000:g} s: {expression}")
        page.wait_for_timeout(50)  # poll interval; the page goes on meanwhile
    return value


def serious_violations(page: Page) -> list[str]:
    """What axe-core finds on ``page`` that keeps somebody from using it: rule and the elements."""
    found: list[dict[str, Any]] = Axe().run(page).response["violations"]
    return [
        f"{violation['id']}: {[node['target'] for node in violation['nodes']]}"
        for violation in found
        if violation["impact"] in {"serious", "critical"}
    ]


def overflows(page: Page) -> bool:
    """Whether the page is wider than its window, so that a reader has to scroll sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))
