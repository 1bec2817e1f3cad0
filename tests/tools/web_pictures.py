"""Pictures of the pages for the documentation, from a made-up call.

report, list of calls ──Chromium──► docs/report.png, docs/report-dark.png, docs/web-calls.png: 256 colours each

python -m tests.tools.web_pictures
"""

import tempfile
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, expect

from edged.calls.page.report_page import report_page
from tests.parts.calls.example import calming
from tests.parts.system.program import REPOSITORY
from tests.parts.web.browser import chromium, watched
from tests.parts.web.recordings import written
from tests.parts.web.running import running_web

_DOCS = REPOSITORY / "docs"
_N_COLOURS = 256


def main() -> None:
    """Write all of them."""
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        folder = Path(name)
        (folder / "report.html").write_text(report_page(calming()), encoding="utf-8")
        _report(browser, folder / "report.html", "light", "report.png")
        _report(browser, folder / "report.html", "dark", "report-dark.png")
        _calls(browser, folder)


def _report(browser: Browser, file: Path, scheme: Literal["light", "dark"], name: str) -> None:
    with watched(browser, width=1000, height=1010, scheme=scheme) as seen:
        page = seen.page
        page.goto(file.as_uri())
        box = page.locator("#chart-valence .u-over").bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 60)
        page.screenshot(path=_DOCS / name)
    _reduce(_DOCS / name)


def _calls(browser: Browser, folder: Path) -> None:
    with running_web(folder) as web, watched(browser, width=1000, height=1040) as seen:
        page = seen.page
        page.goto(web.address)
        files = [
            written(folder / name, seconds) for name, seconds in (("invoice 4711.wav", 110), ("delivery late.wav", 40))
        ]
        files.append(folder / "letter.pdf")
        files[-1].write_bytes(b"%PDF-1.7 a letter, not a call")
        page.get_by_label("Choose files").set_input_files(files)
        page.get_by_role("button", name="Left channel of invoice 4711.wav").click()
        expect(page.get_by_role("link", name="Open report: invoice")).to_be_visible(timeout=240_000)
        expect(page.get_by_role("button", name="Left channel of delivery late.wav")).to_be_visible()
        page.evaluate("window.scrollTo(0, 0)")
        page.mouse.move(0, 0)
        page.screenshot(path=_DOCS / "web-calls.png")
    _reduce(_DOCS / "web-calls.png")


def _reduce(file: Path) -> None:
    with Image.open(file) as picture:
        reduced = picture.convert("RGB").quantize(_N_COLOURS, dither=Image.Dither.NONE)
    reduced.save(file, optimize=True)


if __name__ == "__main__":
    main()
