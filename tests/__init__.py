"""What must hold, one file a module; real parts where a user has real parts."""

from edged.host.blas_threads import import_numpy

import_numpy()  # before a test imports numpy, as the command line does
