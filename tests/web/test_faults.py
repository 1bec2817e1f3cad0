"""What a person sees of the pages when something is wrong: no page at an address, no program, a refused choice."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.parts.web.browser import overflows, serious_violations, watched
from tests.parts.web.listed import listed, play_list, without_score
from tests.parts.web.running import RunningWeb

_DROPPED_FOLDER = """() => {
    const file = new File(['x'], 'calls of may'), event = new DragEvent('drop', { bubbles: true, cancelable: true });
    const item = { kind: 'file', getAsFile: () => file, webkitGetAsEntry: () => ({ isDirectory: true }) };
    Object.defineProperty(event, 'dataTransfer', { value: { files: [file], items: [item] } });
    document.getElementById('drop').dispatchEvent(event);
}"""
_IS_HELD = "() => !window.dispatchEvent(new Event('beforeunload', { cancelable: true }))"


@pytest.fixture
def page(browser: Browser, web: RunningWeb) -> Iterator[Page]:
    """The page Calls on a phone; its requests are answered by the test where it says so."""
    with watched(browser, width=360) as seen:
        seen.page.goto(web.address)
        yield seen.page


def test_fault_page(page: Page, web: RunningWeb) -> None:
    """The report of a removed call, and an address that never was, are pages with a sentence and a way back."""
    for path, sentence in (
        ("/calls/removed/report", "There is no such call; it may have been removed."),
        ("/nothing", "There is no page at this address."),
    ):
        page.goto(web.address.removesuffix("/calls") + path)
        expect(page.get_by_role("heading", level=1)).to_have_text("Not found")
        expect(page.get_by_text(sentence)).to_be_visible()
        expect(page).to_have_title("Not found: edged")
        assert serious_violations(page) == []
        assert not overflows(page)
    page.get_by_role("link", name="← Calls").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Calls")


def test_program_ended(page: Page) -> None:
    """While the program does not answer the page says so, and stops when it answers again."""
    warning = page.get_by_role("alert")
    expect(warning).to_be_hidden()
    page.route("**/calls/state", lambda route: route.abort())
    expect(warning).to_contain_text("edged web does not answer")
    assert serious_violations(page) == []
    assert not overflows(page)
    page.unroute("**/calls/state")
    expect(warning).to_be_hidden()


def test_choice_refused(page: Page) -> None:
    """A choice that the program refuses, or does not get, says why beside the call."""
    play_list(page, listed("a.wav"))
    refusal = '{"error": "This call has no such question, or it was answered already."}'
    page.route("**/customer", lambda route: route.fulfill(status=409, body=refusal))
    entry = page.locator(".call")
    entry.get_by_role("button", name=re.compile("^This is the customer: Left")).click()
    expect(entry.locator(".fault")).to_have_text("This call has no such question, or it was answered already.")
    page.route("**/customer", lambda route: route.abort())
    entry.get_by_role("button", name=re.compile("^This is the customer: Left")).click()
    expect(entry.locator(".fault")).to_have_text("edged web does not answer.")


def test_leaving_while_sending(page: Page, tmp_path: Path) -> None:
    """The browser asks before a page is left whose recordings are not all sent, and only then."""
    page.route("**/calls/upload", lambda _route: None)  # never answered
    (tmp_path / "a.wav").write_bytes(b"RIFF\0\0\0\0WAVE")
    assert not page.evaluate(_IS_HELD)
    page.get_by_label("Choose files").set_input_files(tmp_path / "a.wav")
    entry = page.locator(".call")
    expect(entry).to_contain_text("Uploading")
    assert page.evaluate(_IS_HELD)
    entry.get_by_role("button", name="Cancel").click()
    expect(entry).to_have_count(0)
    assert not page.evaluate(_IS_HELD)


def test_folder_dropped(page: Page) -> None:
    """A folder is named as one, since a browser would send it as a file without content."""
    page.evaluate(_DROPPED_FOLDER)
    entry = page.locator(".call")
    expect(entry).to_contain_text("This is a folder. Open it and drag the recordings in it.")
    entry.get_by_role("button", name="Remove").click()
    expect(entry).to_have_count(0)


def test_no_score_says_why(page: Page) -> None:
    """A call without a score says why in the list, and a long name is shown whole without a scroll bar."""
    name = f"{'0123456789' * 25}.wav"
    play_list(page, without_score(name, "28 s of the customer's speech, at least 30 s needed"))
    entry = page.locator(".call")
    expect(entry).to_contain_text("Why no score: 28 s of the customer's speech, at least 30 s needed")
    expect(entry.get_by_role("heading", name=name, exact=True)).to_be_visible()
    assert not overflows(page)
