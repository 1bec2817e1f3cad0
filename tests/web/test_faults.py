"""What a person sees of the pages when something is wrong: an address without a page, a program that has ended."""

from playwright.sync_api import Browser, expect

from tests.parts.web.browser import overflows, serious_violations, watched
from tests.parts.web.running import RunningWeb


def test_fault_page(browser: Browser, web: RunningWeb) -> None:
    """The report of a removed call, and an address that never was, are pages with a sentence and a way back."""
    with watched(browser, width=360) as seen:
        page = seen.page
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
