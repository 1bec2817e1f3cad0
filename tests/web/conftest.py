"""One browser and one running program for the whole folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.parts.web.browser import CHROMIUM, chromium
from tests.parts.web.running import RunningWeb, running_web


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Headless Chromium; skipped with a message where there is none."""
    if not Path(CHROMIUM).exists():
        pytest.skip("needs Chromium: apt-get install chromium")
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="package")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWeb]:
    """`edged web` with a limit of 20 MB."""
    with running_web(tmp_path_factory.mktemp("web"), config="web: {max_megabytes: 20}\n") as web:
        yield web
