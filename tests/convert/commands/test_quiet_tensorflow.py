"""What TensorFlow says about itself while it loads is not for the user; whatever comes later is."""

import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]
SAID = "oneDNN custom operations are on"
# In the place of TensorFlow, whose import takes seconds.
TALKS = """
import os, signal
os.write(2, b"oneDNN custom operations are on\\n")
if "FAILS" in os.environ:
    raise ImportError("no AVX")
if "DIES" in os.environ:
    os.kill(os.getpid(), signal.SIGILL)
if "INTERRUPTED" in os.environ:
    raise KeyboardInterrupt
level = os.environ["TF_CPP_MIN_LOG_LEVEL"]
"""
PROGRAM = """
import os, convert, tensorflow
os.write(2, tensorflow.level.encode())
"""


def loaded(folder: Path, **environment: str) -> str:
    """What stands on stderr of a program that imports convert, then TensorFlow."""
    (folder / "tensorflow").mkdir()
    (folder / "tensorflow" / "__init__.py").write_text(TALKS, encoding="utf-8")
    paths = os.pathsep.join((str(folder), str(REPOSITORY)))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **environment, "PYTHONPATH": paths},
    )
    return done.stderr


def test_quiet_while_it_loads(tmp_path: Path) -> None:
    """Its C++ parts write to standard error before they read the variable."""
    assert loaded(tmp_path, TF_CPP_MIN_LOG_LEVEL="1") == "1"


def test_import_error_is_shown(tmp_path: Path) -> None:
    """A TensorFlow that cannot be loaded says so, and what it said before is shown."""
    errors = loaded(tmp_path, FAILS="1").splitlines()
    assert (errors[0], errors[-1]) == (SAID, "ImportError: no AVX")


def test_last_words_are_shown(tmp_path: Path) -> None:
    """A process that dies in the import has said why."""
    assert loaded(tmp_path, DIES="1").strip() == SAID


def test_interrupted_import_stays_quiet(tmp_path: Path) -> None:
    """Ctrl-C is no failure of TensorFlow."""
    errors = loaded(tmp_path, INTERRUPTED="1")
    assert errors.splitlines()[-1] == "KeyboardInterrupt"
    assert SAID not in errors
