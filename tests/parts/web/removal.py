"""Removes all calls of a running program, so that no test finds those of another.

/calls/state ──DELETE each──► an empty list, an empty folder
"""

from playwright.sync_api import Page

from tests.parts.broker.mosquitto import wait_until
from tests.parts.web.running import RunningWeb


def remove_calls(page: Page, web: RunningWeb) -> None:
    """Leave no call to the next test: the page waits neither for a removal nor for the end of an upload."""

    def removed() -> bool:
        for call in page.request.get(f"{web.address}/state").json()["calls"]:
            page.request.delete(f"{web.address}/{call['id']}")
        return web.files() == []

    wait_until(removed, "an empty folder")
