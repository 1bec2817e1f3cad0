"""The page Calls of `edged web`: recordings in, channel, progress, report, download; by mouse and by keyboard."""

import base64
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
import soundfile
from playwright.sync_api import Browser, Locator, Page, expect

from tests.parts.broker.mosquitto import wait_until
from tests.parts.web.browser import Watched, overflows, serious_violations, wait_in_page, watched
from tests.parts.web.recordings import silence, stereo, written
from tests.parts.web.removal import remove_calls
from tests.parts.web.running import RunningWeb

_ANALYSIS_MS = 120_000
# What the list of calls says, whenever it changes: an analysis may be over before the next look at the page.
_NOTE_STATES = """() => {
    const list = document.getElementById('calls');
    window.states = [];
    new MutationObserver(() => window.states.push(list.textContent))
        .observe(list, { childList: true, characterData: true, subtree: true });
}"""


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stereo call, two long ones, a mono one, and one with a hostile name."""
    folder = tmp_path_factory.mktemp("recordings")
    written(folder / "stereo.wav")
    written(folder / "minutes.wav", 240)
    written(folder / "<img src=x onerror=alert(1)>.wav", 4)
    samples, rate_hz = stereo(24)
    soundfile.write(folder / "mono.wav", samples.sum(axis=1), rate_hz)
    silence(folder / "long.wav")
    return folder


@pytest.fixture
def calls(browser: Browser, web: RunningWeb) -> Iterator[Watched]:
    """The page; afterwards no other host was asked, the browser has no complaint, and its calls are removed."""
    with watched(browser) as seen:
        seen.page.goto(web.address)
        yield seen
        host = web.address.removesuffix("/calls")
        assert [url for url in seen.requests if not url.startswith((host, "data:", "blob:"))] == []
        assert [words for words in seen.complaints if "415" not in words and "400" not in words] == []
        remove_calls(seen.page, web)


def _entry(page: Page, name: str) -> Locator:
    return page.locator(".call", has=page.get_by_role("heading", name=name, exact=True))


def _send(page: Page, *files: Path) -> None:
    page.get_by_label("Choose files").set_input_files(files)


def test_calls_from_drop_to_download(calls: Watched, web: RunningWeb, recordings: Path, tmp_path: Path) -> None:
    """A dropped call plays a bit of each channel, is analysed with progress, and its report is read and saved.

    Its recording, kept on purpose, is played by the report, and lies in the archive beside a page that plays it.
    """
    page = calls.page
    page.evaluate(_NOTE_STATES)
    page.get_by_role("checkbox", name=re.compile("Keep the recording")).check()
    content = (recordings / "stereo.wav").read_bytes()
    page.evaluate(
        """content => {
            const dropped = new DataTransfer();
            dropped.items.add(new File([Uint8Array.from(atob(content), letter => letter.charCodeAt(0))], 'stereo.wav'));
            document.getElementById('drop').dispatchEvent(
                new DragEvent('drop', { dataTransfer: dropped, bubbles: true, cancelable: true }));
        }""",
        base64.b64encode(content).decode(),
    )
    entry = _entry(page, "stereo.wav")
    for channel in ("left", "right"):
        player = entry.get_by_label(f"Excerpt of the {channel} channel")
        assert (
            player.evaluate("async player => { player.muted = true; await player.play(); return player.duration; }")
            == 8
        )
    entry.get_by_role("button", name="Left channel of stereo.wav").click()
    expect(entry.get_by_role("link", name="Open report")).to_be_visible(timeout=_ANALYSIS_MS)
    assert any(re.search(r"Analysing, \d+", state) for state in page.evaluate("states"))
    with page.expect_download() as started:
        entry.get_by_role("link", name="Download").click()
    assert started.value.suggested_filename == "stereo.zip"
    with zipfile.ZipFile(started.value.path()) as archive:
        names = {"report.html", "report.json", "timeline.csv", "timeline.png", "recording.wav"}
        assert set(archive.namelist()) == names
        assert archive.read("recording.wav") == content
        assert json.loads(archive.read("report.json"))["call"]["customer"] == "left"
        archive.extractall(tmp_path)
    entry.get_by_role("link", name="Open report").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("stereo.wav")
    page.locator("#chart-talk canvas").wait_for()
    page.get_by_role("slider").focus()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    wait_in_page(page, "document.getElementById('audio').currentTime > 30")
    assert serious_violations(page) == []
    with page.expect_download() as saved:
        page.get_by_role("link", name="Report (HTML)").click()
    assert saved.value.path().read_bytes() == (tmp_path / "report.html").read_bytes()
    page.get_by_role("link", name="All calls").click()
    _entry(page, "stereo.wav").get_by_role("button", name="Remove").click()
    expect(page.locator(".call")).to_have_count(0)
    wait_until(lambda: web.files() == [], "an empty folder")


def test_calls_by_keyboard(calls: Watched, recordings: Path) -> None:
    """Tab reaches the file dialog, the players and the choice in the order in which they stand; Enter chooses."""
    page = calls.page
    page.on("filechooser", lambda _chooser: None)  # from here on the browser hands the dialog over
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    for name in ("brand", ""):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == name
    page.keyboard.press("Tab")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(recordings / "minutes.wav")
    entry = _entry(page, "minutes.wav")
    expect(entry.get_by_role("group", name="Which channel is the customer's?")).to_be_visible()
    button = entry.get_by_role("button", name="Right channel of minutes.wav")
    for _ in range(30):
        page.keyboard.press("Tab")
        if button.evaluate("button => button === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(entry.get_by_role("progressbar")).to_be_visible()
    expect(entry.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".call")).to_have_count(0)
    expect(page.get_by_label("Choose files")).to_be_focused()


def test_calls_of_one_channel(calls: Watched, recordings: Path, tmp_path: Path) -> None:
    """A mono call is split, plays a bit of each voice, and takes a file of turns instead; a wrong file says why.

    With turns, the report has both parties; with a voice, it says that their voices separate them.
    """
    page = calls.page
    _send(page, recordings / "mono.wav")
    entry = _entry(page, "mono.wav")
    group = entry.get_by_role("group", name=re.compile("Two speakers share one channel. Which one is the customer"))
    expect(group).to_be_visible(timeout=_ANALYSIS_MS)
    for voice in (1, 2):
        player = entry.get_by_label(f"Excerpt of voice {voice} of mono.wav")
        seconds = player.evaluate(
            "async player => { player.muted = true; await player.play(); return player.duration; }"
        )
        assert 0.5 < seconds <= 8.01
    assert serious_violations(page) == []
    picker = entry.get_by_label("Use a file of turns")
    (tmp_path / "turns.csv").write_text("start_s,end_s\n0,8\n", encoding="utf-8")
    with page.expect_file_chooser() as chooser:
        picker.press("Enter")
    chooser.value.set_files(tmp_path / "turns.csv")
    expect(entry).to_contain_text("The turns cannot be used: no column speaker")
    rows = [f"{start},{start + 8},{'AB'[start // 8 % 2]}" for start in range(0, 24, 8)]
    (tmp_path / "turns.csv").write_text("\n".join(["start_s,end_s,speaker", *rows]), encoding="utf-8")
    picker.set_input_files(tmp_path / "turns.csv")
    expect(entry.get_by_role("group", name="Which speaker is the customer?")).to_be_visible()
    assert serious_violations(page) == []
    entry.get_by_role("button", name=re.compile("^B")).click()
    expect(entry.get_by_role("link", name="Open report")).to_be_visible(timeout=_ANALYSIS_MS)
    link = entry.get_by_role("link", name="Open report").get_attribute("href")
    report = page.request.get(web_file(page, link, "report.json")).json()
    assert report["call"]["separated_by"] == "turns"
    assert [party["role"] for party in report["talk"]["parties"]] == ["customer", "agent"]
    entry.get_by_role("button", name="Remove").click()
    _send(page, recordings / "mono.wav")
    entry.get_by_role("button", name="Voice 2 of mono.wav").click(timeout=_ANALYSIS_MS)
    expect(entry.get_by_role("link", name="Open report")).to_be_visible(timeout=_ANALYSIS_MS)
    entry.get_by_role("link", name="Open report").click()
    expect(page.get_by_role("heading", name="The two voices")).to_be_visible()
    expect(page.get_by_text("The speakers were separated by the sound of their voices alone")).to_be_visible()
    expect(page.get_by_text("the customer, speaks first at")).to_be_visible()


def web_file(page: Page, link: str | None, name: str) -> str:
    """The address of a file of the report at ``link``."""
    return f"{page.url.partition('/calls')[0]}{(link or '').removesuffix('report')}{name}"


def test_calls_queue_and_cancel(calls: Watched, web: RunningWeb, recordings: Path, tmp_path: Path) -> None:
    """The second call waits for the first; each can be cancelled, and the page answers meanwhile."""
    page = calls.page
    second = tmp_path / "second.wav"
    second.write_bytes((recordings / "long.wav").read_bytes())
    _send(page, recordings / "long.wav", second)
    expect(_entry(page, "long.wav")).to_contain_text("Separating the two speakers")
    expect(_entry(page, "second.wav")).to_contain_text("Waiting, 1 ahead")
    _entry(page, "long.wav").get_by_role("button", name="Cancel").click()
    expect(_entry(page, "long.wav")).to_have_count(0)
    expect(_entry(page, "second.wav")).to_contain_text("Separating the two speakers")
    _entry(page, "second.wav").get_by_role("button", name="Cancel").click()
    expect(page.locator(".call")).to_have_count(0)
    wait_until(lambda: web.files() == [], "an empty folder")


def test_calls_hostile_name(calls: Watched, recordings: Path) -> None:
    """A name with markup is shown as it is."""
    name = "<img src=x onerror=alert(1)>.wav"
    _send(calls.page, recordings / name)
    expect(_entry(calls.page, name).get_by_role("group")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1100])
def test_calls_accessible(
    browser: Browser, web: RunningWeb, recordings: Path, width: int, scheme: Literal["light", "dark"]
) -> None:
    """axe-core finds nothing serious on the page with its choice, narrow and wide, light and dark."""
    with watched(browser, width=width, scheme=scheme) as seen:
        seen.page.goto(web.address)
        _send(seen.page, recordings / "stereo.wav")
        entry = _entry(seen.page, "stereo.wav")
        expect(entry.get_by_role("group")).to_be_visible()
        assert serious_violations(seen.page) == []
        assert not overflows(seen.page)
        entry.get_by_role("button", name="Cancel").click()
        expect(entry).to_have_count(0)
        remove_calls(seen.page, web)
