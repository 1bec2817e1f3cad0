"""The pages between a phone and a large screen: nothing is cut off, squeezed or broken where there is room."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from edged.calls.page.report_page import report_page
from tests.parts.calls.example import calming, mono, named
from tests.parts.web.browser import overflows, wait_in_page, watched
from tests.parts.web.listed import listed, play_list, without_score
from tests.parts.web.running import RunningWeb

_WIDTHS = (769, 800, 900, 1024, 1180, 1280)
_NAME = f"complaint about the delivery of 2026-11-03, second attempt, {'0123456789' * 4}.wav"
# Elements that reach beyond the window, or whose content is cut off.
_CUT_OFF = """() => [...document.querySelectorAll('body *')].filter(one => {
    const { right, width } = one.getBoundingClientRect(), hides = getComputedStyle(one).overflowX !== 'visible';
    const cut = hides && one.clientWidth > 1 && one.scrollWidth > one.clientWidth + 1;
    return width > 1 && (right > innerWidth + 1 || cut) && !one.closest('.skip');
}).map(one => one.tagName + '.' + one.className)"""


def _n_lines(element: Locator) -> int:
    return int(element.evaluate("one => new Set([...one.getClientRects()].map(({ top }) => top)).size"))


def _expect_whole(page: Page, width: int) -> None:
    assert not overflows(page), width
    wait_in_page(page, f"!({_CUT_OFF})().length")  # the charts follow their frame


@pytest.mark.parametrize("kind", ["report", "mono"])
def test_report_widths(browser: Browser, tmp_path: Path, kind: str) -> None:
    """Nothing is cut off, a row's name stays on one line."""
    report = named(calming(), _NAME) if kind == "report" else mono(named(calming(), _NAME))
    (tmp_path / "report.html").write_text(report_page(report), encoding="utf-8")
    with watched(browser) as seen:
        page = seen.page
        page.goto((tmp_path / "report.html").as_uri())
        page.get_by_text("All windows as a table").click()
        for width in _WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            _expect_whole(page, width)
            for row in page.locator(".bars tbody th").all():
                assert row.evaluate("one => one.clientHeight < 2.5 * parseFloat(getComputedStyle(one).fontSize)"), width


def test_calls_widths(browser: Browser, web: RunningWeb) -> None:
    """A long name takes the lines that it needs, beside a question and beside a score."""
    for call in (listed(_NAME), without_score(_NAME, "28 s of the customer's speech, at least 30 s needed")):
        with watched(browser) as seen:
            page = seen.page
            play_list(page, call)
            page.goto(web.address)
            name = page.locator(".call-name bdi")
            expect(name).to_have_text(_NAME)
            for width in _WIDTHS:
                page.set_viewport_size({"width": width, "height": 900})
                _expect_whole(page, width)
                assert _n_lines(name) <= 2, width
