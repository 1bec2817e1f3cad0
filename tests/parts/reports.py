"""Test reports that pytest-xdist can send between processes, which accept no text with surrogates.

A file name that is not UTF-8 becomes surrogates in a log line (PEP 383), and captured log lines are part of reports.
"""

from collections.abc import Generator

import pytest


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Escape captured output that UTF-8 cannot encode."""
    report = yield
    report.sections = [(name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections]
    return report
