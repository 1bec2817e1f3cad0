"""In CI nothing is left out unseen: there a test that is skipped fails, whatever it lacks.

CI=true pytest ──a test or a whole file is skipped──► failed, unless its reason is in ``MAY_BE``

Elsewhere a machine may lack a program, a package or the recordings, and runs what it can.
"""

import os
from collections.abc import Generator

import pytest

# What the best of machines cannot have: wheels that there are not for its Python, calls that its kernel does not know.
MAY_BE = ("tflite-runtime has no wheels", "needs Linux 6.3")

_Report = pytest.TestReport | pytest.CollectReport


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test, or a fixture of its."""
    report = yield
    _classifier(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """A whole file."""
    report = yield
    _classifier(report)
    return report


def _classifier(report: _Report) -> None:
    if not os.environ.get("CI") or not report.skipped or not isinstance(report.longrepr, tuple):
        return
    reason = report.longrepr[2].removeprefix("Skipped: ")
    if not reason.startswith(MAY_BE):
        report.outcome = "failed"
        report.longrepr = f"skipped, which no test may be in CI: {reason}"
