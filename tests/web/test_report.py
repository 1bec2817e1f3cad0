"""report.html from a disk, without a network: what is seen, pointed at, played, printed, and reached by keyboard."""

import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, expect

from edged.calls.page.report_page import report_page
from tests.parts.calls.example import calming, mono, named
from tests.parts.web.browser import Watched, overflows, serious_violations, wait_in_page, watched

_HOSTILE = "<img src=x onerror=alert(1)>\"'</script><script>alert(2)</script>.wav"
_PLAYING = "() => { const audio = document.getElementById('audio'); return !audio.paused && audio.currentTime; }"
_PLAYING_FROM = (
    "from => { const { currentTime } = document.getElementById('audio'); return currentTime >= from && currentTime; }"
)
_TALK = "document.querySelector('#chart-talk canvas').toDataURL()"
# Share of the valence chart's pixels that are not its background.
_DRAWN = """() => {
  const canvas = document.querySelector('#chart-valence canvas'), pen = canvas.getContext('2d');
  const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
  let drawn = 0;
  for (let i = 3; i < data.length; i += 4) drawn += data[i] > 0;
  return drawn / (data.length / 4);
}"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """report.html beside its recording, lost.html without it, mono.html, and one of a file with a hostile name."""
    place = tmp_path_factory.mktemp("report")
    with wave.open(str(place / "a call.wav"), "wb") as recording:
        recording.setnchannels(1)
        recording.setsampwidth(1)
        recording.setframerate(8000)
        recording.writeframes(bytes([128]) * 8000 * 180)
    report = calming()
    for name, page in (
        ("report", report_page(report, "a call.wav")),
        ("lost", report_page(report, "gone.wav")),
        ("mono", report_page(mono(report))),
        ("hostile", report_page(named(report, _HOSTILE), _HOSTILE)),
    ):
        (place / f"{name}.html").write_text(page, encoding="utf-8")
    return place


@pytest.fixture
def report(browser: Browser, folder: Path) -> Iterator[Watched]:
    """report.html, without a network; afterwards the browser has no complaint, and nothing but files was asked for."""
    with watched(browser, offline=True) as seen:
        seen.page.goto((folder / "report.html").as_uri())
        yield seen
        assert seen.complaints == []
        assert [url for url in seen.requests if not url.startswith("file://")] == []
        assert {Path(url).name for url in seen.requests} <= {"report.html", "mono.html", "a%20call.wav"}


def test_report_drawn(report: Watched) -> None:
    """The score stands there in words, and the timeline is drawn."""
    page = report.page
    expect(page.get_by_role("heading", level=1)).to_have_text("invoice 4711.wav")
    expect(page.locator(".number")).to_have_text("7.4 of 10")
    expect(page.get_by_role("img", name="7.4 on a scale from 1 to 10")).to_be_visible()
    wait_in_page(page, f"({_DRAWN})() > 0.1")
    expect(page.get_by_text("Article 5(1)(f)")).to_be_visible()


def test_report_pointed_at(report: Watched) -> None:
    """Pointing at a place shows its time, label, confidence, distress and all scores; leaving hides it."""
    page = report.page
    box = page.locator("#chart-valence .u-over").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 60)
    tip = page.locator("#tip")
    expect(tip.locator("strong")).to_have_text("1:28\N{EN DASH}1:31")
    expect(tip).to_contain_text("confidence")
    expect(tip).to_contain_text("distress")
    expect(tip.locator("dt")).to_have_count(6)
    page.mouse.move(0, 0)
    expect(tip).to_be_hidden()


def test_report_played_by_click(report: Watched) -> None:
    """A click on the timeline plays that place of the recording beside the report, a moment's button its moment."""
    page = report.page
    box = page.locator("#chart-valence .u-over").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 3, box["y"] + 60)
    assert wait_in_page(page, _PLAYING) == pytest.approx(60, abs=5)
    button = page.locator("button[data-second]").first
    second = float(button.get_attribute("data-second") or 0)
    button.click()
    assert wait_in_page(page, _PLAYING_FROM, arg=second) == pytest.approx(second, abs=5)


def test_report_keyboard(report: Watched) -> None:
    """The arrow keys go through the windows and say their values; Enter plays, plus zooms, Escape stops."""
    page = report.page
    timeline = page.get_by_role("slider", name="Timeline of the call")
    timeline.focus()
    page.keyboard.press("ArrowRight")
    expect(timeline).to_have_attribute("aria-valuenow", "1")
    assert "angry, confidence" in (timeline.get_attribute("aria-valuetext") or "")
    page.keyboard.press("End")
    expect(timeline).to_have_attribute("aria-valuenow", timeline.get_attribute("aria-valuemax") or "")
    page.keyboard.press("Home")
    page.keyboard.press("+")
    page.keyboard.press("Enter")
    wait_in_page(page, _PLAYING)
    page.keyboard.press("Escape")
    wait_in_page(page, "document.getElementById('audio').paused")


def test_report_zoom(report: Watched, folder: Path) -> None:
    """Dragging over a part shows that part on all three charts, a double click all again."""
    page = report.page
    page.goto((folder / "mono.html").as_uri())  # without a recording, whose playing would be drawn too
    box = page.locator("#chart-valence .u-over").bounding_box()
    assert box is not None
    before = page.evaluate(_TALK)
    page.mouse.move(box["x"] + 100, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 400, box["y"] + 50, steps=5)
    page.mouse.up()
    page.mouse.move(0, 0)
    wait_in_page(page, f"{_TALK} !== '{before}'")
    page.mouse.dblclick(box["x"] + 200, box["y"] + 50)
    page.mouse.move(0, 0)
    wait_in_page(page, "document.getElementById('tip').hidden")
    wait_in_page(page, f"{_TALK} === '{before}'")


def test_report_table(report: Watched) -> None:
    """Every window stands in a table as well, for who cannot see the charts."""
    page = report.page
    page.get_by_text("All windows as a table").click()
    expect(page.locator("#windows-table tbody tr")).to_have_count(len(calming().windows))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["report", "mono"])
def test_report_accessible(browser: Browser, folder: Path, name: str, scheme: Literal["light", "dark"]) -> None:
    """axe-core finds nothing serious, in light and in dark."""
    with watched(browser, scheme=scheme) as seen:
        seen.page.goto((folder / f"{name}.html").as_uri())
        assert serious_violations(seen.page) == []


@pytest.mark.parametrize("width", [320, 390, 768])
def test_report_narrow(browser: Browser, folder: Path, width: int) -> None:
    """On a narrow screen nothing has to be scrolled sideways."""
    with watched(browser, width=width) as seen:
        seen.page.goto((folder / "report.html").as_uri())
        expect(seen.page.locator("#chart-talk canvas")).to_be_visible()
        assert not overflows(seen.page)


def test_report_dark(browser: Browser, folder: Path) -> None:
    """The charts are drawn in colours of the dark page."""
    pictures = []
    for scheme in ("light", "dark"):
        with watched(browser, scheme=scheme) as seen:
            seen.page.goto((folder / "report.html").as_uri())
            pictures.append(seen.page.evaluate("getComputedStyle(document.body).backgroundColor"))
            pictures.append(seen.page.evaluate("document.querySelector('#chart-valence canvas').toDataURL()"))
    assert len(set(pictures)) == 4


def test_report_printed(report: Watched, tmp_path: Path) -> None:
    """In print the page is light, what only a screen can do is gone, and charts are as wide as the paper. Two pages."""
    page = report.page
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("data-print", "")
    expect(page.locator("#audio")).to_be_hidden()
    expect(page.locator("#chart-keys")).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("document.querySelector('#chart-valence .u-wrap').clientWidth") <= 660
    page.pdf(path=tmp_path / "report.pdf", format="A4")
    content = (tmp_path / "report.pdf").read_bytes()
    assert 1 <= content.count(b"/Type /Page\n") + content.count(b"/Type /Page ") <= 2


def test_report_recording_lost(browser: Browser, folder: Path) -> None:
    """Without the recording a click says what to do."""
    with watched(browser) as seen:
        seen.page.goto((folder / "lost.html").as_uri())
        seen.page.locator("button[data-second]").first.click()
        expect(seen.page.get_by_text("This recording cannot be played")).to_be_visible()


def test_report_hostile_name(browser: Browser, folder: Path) -> None:
    """A name with markup is shown as it is, and runs nothing."""
    with watched(browser) as seen:
        seen.page.goto((folder / "hostile.html").as_uri())
        expect(seen.page.get_by_role("heading", level=1)).to_have_text(_HOSTILE)
        seen.page.locator("#chart-talk canvas").wait_for()
        assert [words for words in seen.complaints if "ERR_INVALID_URL" not in words] == []  # the recording's name
