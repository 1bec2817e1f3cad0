"""summary.html from a disk, without a network: sorted by mouse and by keyboard, and reports that it leads to."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Browser, Page, expect

from edged.calls.page.report_page import report_page
from edged.calls.page.summary_page import summary_page
from edged.contract.call_report import summary_row
from tests.parts.calls.example import calming, mono
from tests.parts.web.browser import overflows, serious_violations, watched

_SCROLLS = "() => { const box = document.querySelector('.scroll'); return box.scrollWidth > box.clientWidth; }"
_SCORES = {"one 10.wav": 3.0, "one 9.wav": 8.5, "none.wav": None}


@pytest.fixture
def summary(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """Three calls, one without a score, one of them with a report."""
    rows = [
        msgspec.structs.replace(summary_row(mono(calming()), name), file=name)
        if score is None
        else msgspec.structs.replace(summary_row(calming(), name), file=name, score=score)
        for name, score in _SCORES.items()
    ]
    (tmp_path / "summary.html").write_text(summary_page(rows), encoding="utf-8")
    (tmp_path / "one 9.wav").mkdir()
    (tmp_path / "one 9.wav" / "report.html").write_text(report_page(calming()), encoding="utf-8")
    with watched(browser, offline=True) as seen:
        seen.page.goto((tmp_path / "summary.html").as_uri())
        yield seen.page
        assert seen.complaints == []
        assert all(url.startswith("file://") for url in seen.requests)


def _expect_order(page: Page, *names: str) -> None:
    expect(page.locator("tbody th a")).to_have_text(list(names))


def test_summary_sorted(summary: Page) -> None:
    """By score up and down, where a call without one comes last both ways; by name as people count."""
    score = summary.get_by_role("button", name="Score")
    score.click()
    _expect_order(summary, "one 10.wav", "one 9.wav", "none.wav")
    expect(summary.get_by_role("columnheader", name="Score")).to_have_attribute("aria-sort", "ascending")
    score.press("Enter")
    _expect_order(summary, "one 9.wav", "one 10.wav", "none.wav")
    summary.get_by_role("button", name="Call", exact=True).press("Space")
    _expect_order(summary, "none.wav", "one 9.wav", "one 10.wav")


def test_summary_accessible_and_narrow(summary: Page) -> None:
    """axe-core finds nothing serious, and on a narrow screen only the table scrolls, on a wide one nothing."""
    assert serious_violations(summary) == []
    for width in (1180, 1280, 1440, 1480):
        summary.set_viewport_size({"width": width, "height": 900})
        assert not summary.evaluate(_SCROLLS), width
        expect(summary.locator("#sideways")).to_be_hidden()
    for width in (1024, 800, 360):
        summary.set_viewport_size({"width": width, "height": 700})
        assert not overflows(summary)
        expect(summary.locator("#sideways")).to_be_visible()


def test_summary_scrolled(summary: Page) -> None:
    """The name of the call stays where it is while the other columns scroll under it."""
    summary.set_viewport_size({"width": 800, "height": 700})
    name = summary.get_by_role("link", name="one 9.wav")
    before = name.bounding_box()
    summary.evaluate("document.querySelector('.scroll').scrollLeft = 300")
    assert name.bounding_box() == before


def test_summary_leads_to_reports(summary: Page) -> None:
    """A call's name leads to its report."""
    summary.get_by_role("link", name="one 9.wav").click()
    expect(summary.locator(".number")).to_have_text("7.4 of 10")
