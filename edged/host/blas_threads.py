"""numpy with a single BLAS thread, unless the user asked for more.

    environment ──OPENBLAS_NUM_THREADS=1 while numpy is imported──► numpy whose products run in the calling thread

OpenBLAS starts one worker thread per core, and each worker spins for some 20 ms after a product in case another one
follows.  The daemon computes a small product thirty times a second: the workers would use a third of a core or more and
save nothing.  OpenBLAS reads its environment only when it is loaded.  Afterwards the environment is restored, so that
child processes are not affected.
"""

import importlib
import os
import sys

_VARIABLE = "OPENBLAS_NUM_THREADS"
# OpenBLAS reads these in this order (its driver/others/openblas_env.c and memory.c).
_SET_BY_USER = (_VARIABLE, "GOTO_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_DEFAULT_NUM_THREADS")


def import_numpy() -> None:
    """Imports numpy with one BLAS thread; has no effect where numpy is imported already or a user set a number."""
    if "numpy" in sys.modules or any(os.environ.get(name) for name in _SET_BY_USER):
        return
    before = os.environ.get(_VARIABLE)
    os.environ[_VARIABLE] = "1"
    try:
        importlib.import_module("numpy")
    finally:
        if before is None:
            del os.environ[_VARIABLE]
        else:
            os.environ[_VARIABLE] = before
