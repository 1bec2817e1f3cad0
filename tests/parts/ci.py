"""In CI a skipped test is a failure, so nothing is left out unnoticed.

CI=true pytest ──a test or a file is skipped──► failed, unless ``ALLOWED_SKIPS`` has its reason

Elsewhere a machine may lack a program, a package or the recordings; it runs what it can.
"""

import os
from collections.abc import Generator

import pytest

# Not available on every CI machine: wheels for its Python version, system calls of newer kernels.
ALLOWED_SKIPS = ("tflite-runtime has no wheels", "needs Linux 6.3")

_Report = pytest.TestReport | pytest.CollectReport


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail skipped tests and fixtures."""
    report = yield
    _fail_if_skipped(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Fail skipped files."""
    report = yield
    _fail_if_skipped(report)
    return report


def _fail_if_skipped(report: _Report) -> None:
    if not os.environ.get("CI") or not report.skipped or not isinstance(report.longrepr, tuple):
        return
    reason = report.longrepr[2].removeprefix("Skipped: ")
    if not reason.startswith(ALLOWED_SKIPS):
        report.outcome = "failed"
        report.longrepr = f"skipped, which no test may be in CI: {reason}"
