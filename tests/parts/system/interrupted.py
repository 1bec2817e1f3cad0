"""A program that gets SIGINT at an exact place, without a clock: while it imports a module, or at its very end.

module ──sitecustomize.py, loaded by Python before the program──► exit status, stdout, stderr
"""

import os
import subprocess
import sys
from pathlib import Path

_REPOSITORY = Path(__file__).parents[3]
_LIMIT_S = 60
AT_END = "the end"  # when Python shuts down
_INTERRUPTS = """
import atexit, os, signal, sys
at = os.environ["INTERRUPT_AT"]
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == at:
            interrupt()
def interrupt():
    os.kill(os.getpid(), signal.SIGINT)
signal.signal(signal.SIGINT, getattr(signal, os.environ["INTERRUPT_HANDLER"]))
sys.meta_path.insert(0, Finder())
if at == "the end":
    atexit.register(interrupt)
"""


def interrupted(
    folder: Path, module: str, *command: str, handler: str = "default_int_handler"
) -> "subprocess.CompletedProcess[str]":
    """``python -m`` with ``command``, interrupted when it imports ``module``; ``folder`` is for the hook.

    ``handler`` is the one that Python starts with, or SIG_IGN, as under nohup.
    """
    (folder / "sitecustomize.py").write_text(_INTERRUPTS, encoding="utf-8")
    paths = os.pathsep.join((str(folder), str(_REPOSITORY)))
    return subprocess.run(
        [sys.executable, "-m", *command],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=_LIMIT_S,
        env={**os.environ, "PYTHONPATH": paths, "INTERRUPT_AT": module, "INTERRUPT_HANDLER": handler},
    )
