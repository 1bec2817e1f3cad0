"""A single BLAS thread for numpy, unless the user asked for more.

    environment ──OPENBLAS_NUM_THREADS=1, before numpy is imported──► products that run in the calling thread

OpenBLAS starts one worker thread per core, and each worker spins for some 20 ms after a product in case another one
follows.  The daemon computes a small product thirty times a second: the workers would use a third of a core or more and
save nothing.  OpenBLAS reads its environment only when it is loaded.
"""

import os
import sys

# OpenBLAS reads these, in this order.
_VARIABLES = ("OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_DEFAULT_NUM_THREADS")


def limit_blas_threads() -> None:
    """Sets the limit; does nothing where a user has set one, or where numpy is imported already."""
    if "numpy" not in sys.modules and not any(os.environ.get(name) for name in _VARIABLES):
        os.environ[_VARIABLES[0]] = "1"
