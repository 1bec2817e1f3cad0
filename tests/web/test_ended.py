"""A report that stays open when `edged web` ends, or whose call is removed: the page says so, and what to do."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.parts.web.browser import overflows, serious_violations, wait_in_page, watched
from tests.parts.web.one_report import one_report
from tests.parts.web.running import RunningWeb

_DURATION = "document.getElementById('audio').duration"
_MISSING = "#audio-missing"


@pytest.fixture
def web(tmp_path: Path) -> Iterator[RunningWeb]:
    """A program of its own, which a test may end."""
    with one_report(tmp_path) as web:
        yield web


@pytest.fixture
def page(browser: Browser, web: RunningWeb) -> Iterator[Page]:
    """The report with its recording, on a phone."""
    with watched(browser, width=360) as seen:
        seen.page.goto(web.address)
        wait_in_page(seen.page, f"{_DURATION} > 100")
        yield seen.page


def _play_end(page: Page) -> None:
    """Play a moment near the end of the recording, of which the browser has only the beginning yet."""
    page.locator("button[data-second]").last.click()


def _end(web: RunningWeb) -> None:
    web.process.terminate()
    assert web.process.wait(60) == 0


def test_report_open_when_program_ends(page: Page, web: RunningWeb) -> None:
    """The page says that the program has ended, how it is started, and that this page is what is left of the report."""
    warning = page.get_by_role("alert")
    expect(warning).to_be_hidden()
    _end(web)
    expect(warning).to_contain_text(
        "edged web does not answer. If it has ended, start it again in a terminal: edged web"
    )
    expect(warning).to_contain_text("Print this page")
    assert serious_violations(page) == []
    assert not overflows(page)
    page.emulate_media(media="print")
    expect(warning).to_be_hidden()


def test_recording_played_when_program_ended(page: Page, web: RunningWeb) -> None:
    """The player does not ask for a file in a folder: it names the program, and the recording as its owner calls it."""
    _end(web)
    _play_end(page)
    expect(page.locator(_MISSING)).to_have_text(
        "This recording cannot be played: edged web does not answer. Start edged web, if it has ended, and add"
        " invoice 4711.wav again from where you keep it."
    )
    expect(page.locator("#audio")).to_be_hidden()


@pytest.mark.parametrize("name", ["← All calls", "Download all (zip)", "Report (HTML)", "edged"])
def test_link_when_program_ended(page: Page, web: RunningWeb, name: str) -> None:
    """A link does not leave the report for the browser's page of errors."""
    _end(web)
    page.get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("edged web does not answer")
    assert page.url == web.address
    expect(page.get_by_role("heading", level=1)).to_have_text("invoice 4711.wav")


def test_call_removed_elsewhere(page: Page, web: RunningWeb) -> None:
    """A call that another page removed is not called a program that ended."""
    page.request.delete(web.address.removesuffix("/report"))
    expect(page.get_by_role("alert")).to_contain_text("edged web has this report no longer: the call was removed")
    _play_end(page)
    expect(page.locator(_MISSING)).to_contain_text("edged web has it no longer.")


def test_program_answers_again(page: Page) -> None:
    """After a lost connection the warning goes, and the player comes back."""
    page.route("**/calls/**", lambda route: route.abort())
    _play_end(page)
    expect(page.locator(_MISSING)).to_contain_text("edged web does not answer.")
    page.unroute("**/calls/**")
    expect(page.get_by_role("alert")).to_be_hidden()
    expect(page.locator("#audio")).to_be_visible()
    wait_in_page(page, f"{_DURATION} > 100")


def test_format_without_player(page: Page) -> None:
    """While the program answers, a recording that cannot be played is the browser's matter."""
    page.route("**/recording.wav", lambda route: route.fulfill(body="no sound", content_type="audio/wav"))
    page.evaluate("document.getElementById('audio').load()")
    expect(page.locator(_MISSING)).to_have_text(
        "This browser cannot play the recording: it may not support its format."
    )
    expect(page.get_by_role("alert")).to_be_hidden()
