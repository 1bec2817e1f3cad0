"""A skipped test fails in CI, and only there."""

import os
import subprocess
import sys
from pathlib import Path

from tests.parts.ci import ALLOWED_SKIPS

REPOSITORY = Path(__file__).parents[2]
SKIPPED = {
    "by_itself": "def test_it(): pytest.skip('needs a program')",
    "by_a_mark": "@pytest.mark.skipif(True, reason='needs a package')\ndef test_it(): pass",
    "by_a_fixture": "@pytest.fixture\ndef there(): pytest.skip('needs a folder')\ndef test_it(there): pass",
    "as_a_whole": "pytest.importorskip('no_such_package')\ndef test_it(): pass",
}
WELL = f"def test_well(): pass\ndef test_kernel(): pytest.skip({ALLOWED_SKIPS[0]!r})"


def summary(folder: Path, *, ci: bool) -> tuple[set[str], str]:
    """Run all files; returns those with failures, and the last line of output."""
    for name, content in {**SKIPPED, "well": WELL}.items():
        (folder / f"test_{name}.py").write_text(f"import pytest\n{content}\n")
    options = ["-p", "tests.parts.ci", "-p", "no:cacheprovider", "--continue-on-collection-errors", "-rfE"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "--rootdir", folder, folder],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "CI": "true" if ci else ""},
        timeout=120,
    )
    assert done.returncode == ci, done.stdout
    lines = done.stdout.splitlines()
    failed = {line.split()[1].partition("::")[0] for line in lines if line.startswith(("FAILED ", "ERROR "))}
    return {Path(file).stem.removeprefix("test_") for file in failed}, lines[-1]


def test_skipped_test_fails_in_ci_alone(tmp_path: Path) -> None:
    """Every kind of skip fails, except the reasons in ALLOWED_SKIPS."""
    failed, last_line = summary(tmp_path, ci=True)
    assert failed == set(SKIPPED)
    assert "1 passed, 1 skipped" in last_line
    failed, last_line = summary(tmp_path, ci=False)
    assert failed == set()
    assert f"1 passed, {len(SKIPPED) + 1} skipped" in last_line
