"""The command line: one file a command, arguments, terminal, exit codes.

Every way to start edged imports this package before anything that needs numpy, so the BLAS threads are bounded here.
"""

from edged.host.blas_threads import import_numpy

import_numpy()
