"""What a person sees of the pages when something is wrong: no page at an address, no program, a refused choice."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.parts.web.browser import overflows, serious_violations, watched
from tests.parts.web.listed import listed, play_list, without_score
from tests.parts.web.recordings import silence
from tests.parts.web.removal import remove_calls
from tests.parts.web.running import RunningWeb, running_web

_DROPPED_FOLDER = """() => {
    const file = new File(['x'], 'calls of may'), event = new DragEvent('drop', { bubbles: true, cancelable: true });
    const item = { kind: 'file', getAsFile: () => file, webkitGetAsEntry: () => ({ isDirectory: true }) };
    Object.defineProperty(event, 'dataTransfer', { value: { files: [file], items: [item] } });
    document.getElementById('drop').dispatchEvent(event);
}"""
_IS_HELD = "() => !window.dispatchEvent(new Event('beforeunload', { cancelable: true }))"


def _entry(page: Page, name: str) -> Locator:
    return page.locator(".call", has=page.get_by_role("heading", name=name, exact=True))


@pytest.fixture
def page(browser: Browser, web: RunningWeb) -> Iterator[Page]:
    """The page Calls on a phone; its requests are answered by the test where it says so."""
    with watched(browser, width=360) as seen:
        seen.page.goto(web.address)
        yield seen.page
        remove_calls(seen.page, web)


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


def test_upload_interrupted(page: Page, tmp_path: Path) -> None:
    """An upload that breaks off says whether the program is there: else the file is what changed."""
    (tmp_path / "a.wav").write_bytes(b"RIFF\0\0\0\0WAVE")
    page.route("**/calls/upload", lambda route: route.abort())
    page.get_by_label("Choose files").set_input_files(tmp_path / "a.wav")
    entry = page.locator(".call")
    expect(entry.locator(".fault")).to_have_text(
        "The upload was interrupted. If the file was moved or changed, choose it again."
    )
    entry.get_by_role("button", name="Remove").click()
    page.route("**/calls/state", lambda route: route.abort())
    page.get_by_label("Choose files").set_input_files(tmp_path / "a.wav")
    expect(entry.locator(".fault")).to_have_text(
        "The upload was interrupted: edged web does not answer. Start it again if it has ended, and add the file again."
    )
    expect(page.get_by_role("alert")).to_contain_text("Recordings and reports are deleted when it ends")
    entry.get_by_role("button", name="Remove").click()


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


def test_faults_are_sentences(page: Page, tmp_path: Path) -> None:
    """A file that is no sound and one that is broken say so, and are removed from the list."""
    (tmp_path / "broken.wav").write_bytes(b"RIFF\0\0\x10\0WAVEfmt " + b"nonsense" * 20)
    (tmp_path / "letter.pdf").write_bytes(b"%PDF-1.7 a letter, not a call")
    page.get_by_label("Choose files").set_input_files([tmp_path / "letter.pdf", tmp_path / "broken.wav"])
    expect(_entry(page, "letter.pdf")).to_contain_text(
        "letter.pdf is a PDF document, not a wav, flac, ogg, opus or mp3 file."
    )
    expect(_entry(page, "broken.wav")).to_contain_text("Cannot be decoded")
    assert serious_violations(page) == []
    for name in ("letter.pdf", "broken.wav"):
        _entry(page, name).get_by_role("button", name="Remove").click()
    expect(page.locator(".call")).to_have_count(0)


def test_too_large(page: Page, tmp_path: Path) -> None:
    """A file above the limit is refused before it is sent."""
    (tmp_path / "huge.wav").write_bytes(b"RIFF\0\0\0\0WAVE")
    with (tmp_path / "huge.wav").open("r+b") as file:
        file.truncate(21_000_000)
    uploads: list[str] = []
    page.on("request", lambda request: uploads.append(request.url) if request.url.endswith("/upload") else None)
    page.get_by_label("Choose files").set_input_files(tmp_path / "huge.wav")
    expect(_entry(page, "huge.wav")).to_contain_text("The file is larger than the 20 MB that web.max_megabytes allows.")
    assert uploads == []


def test_ended_with_work(browser: Browser, tmp_path: Path) -> None:
    """SIGTERM in the middle of an analysis: status 0, no recording left, no worker left."""
    with running_web(tmp_path) as web, watched(browser) as seen:
        seen.page.goto(web.address)
        seen.page.get_by_label("Choose files").set_input_files(silence(tmp_path / "long.wav"))
        expect(_entry(seen.page, "long.wav")).to_contain_text("Separating the two speakers")
        assert web.files() == ["recording.wav"]
        web.process.terminate()
        assert web.process.wait(60) == 0
        assert web.files() == []
