"""The two log formats, and which of them stderr gets."""

import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]
_LOGGED = """
import logging
from edged.cli.log import log_to_stderr, print_error
log_to_stderr("info")
logging.debug("not shown")
logging.getLogger("httpx").info("HTTP Request: POST http://hub/api/webhook/secret")
logging.getLogger("edged.mqtt").info("connected")
logging.getLogger("matplotlib.font_manager").warning("lost")
try:
    raise ValueError("two\\nlines")
except ValueError:
    logging.exception("failed")
logging.info("capture online: a\\nb\\x1b[31m.wav")
print_error("edged: no such file")
"""


def logged(folder: Path, *, journal: bool) -> list[str]:
    """Lines on stderr, which is a file; ``journal`` declares it to be the journal's stream."""
    with (folder / "log").open("w+") as log:
        status = os.fstat(log.fileno())
        stream = f"{status.st_dev}:{status.st_ino if journal else 0}"
        subprocess.run(
            [sys.executable, "-c", _LOGGED],
            check=True,
            stderr=log,
            timeout=60,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY), "JOURNAL_STREAM": stream},
        )
    return (folder / "log").read_text().splitlines()


def test_journal_gets_a_priority_on_each_line_and_no_time(tmp_path: Path) -> None:
    """The journal has its own time stamps; the lines of a traceback keep their priority."""
    lines = logged(tmp_path, journal=True)
    assert lines[:3] == ["<6>connected", "<4>lost", "<3>failed"]
    assert all(line.startswith("<3>") for line in lines[3:-2])
    assert lines[-2:] == ["<6>capture online: a?b?[31m.wav", "<3>edged: no such file"]


def test_stderr_that_is_not_the_journal_gets_times(tmp_path: Path) -> None:
    """A service's child with redirected stderr inherits the variable but must not trust it."""
    lines = logged(tmp_path, journal=False)
    assert lines[0][:3] == "20" + lines[0][2]
    assert lines[0].endswith(" INFO    connected")
    assert lines[1].endswith(" WARNING lost")
    assert lines[-2].endswith(" INFO    capture online: a?b?[31m.wav")
    assert lines[-1] == "edged: no such file"
