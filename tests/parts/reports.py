"""Reports of tests that pytest-xdist can pass between processes: it takes no text with surrogates.

A file name that is not UTF-8 stands in a log line with surrogates (PEP 383), and captured log lines stand in reports.
"""

from collections.abc import Generator

import pytest


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Escape in the captured output what UTF-8 cannot hold."""
    report = yield
    report.sections = [(name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections]
    return report
