"""One size of a measurement in a process of its own, so that no size inherits the memory of another.

python -m MODULE ARGUMENTS ──last line of stdout, JSON──► figures
"""

import subprocess
import sys

import msgspec


def child(module: str, *arguments: str) -> dict[str, float]:
    """What ``module`` prints.

    Raises:
        RuntimeError: it failed.
    """
    done = subprocess.run([sys.executable, "-m", module, *arguments], capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{module}: {done.stderr.decode(errors='replace').strip().splitlines()[-1:]}")
    return msgspec.json.decode(done.stdout.rpartition(b"\n")[2], type=dict[str, float])
