"""Commands that process sound, from the microphone or from files.

Importing this package loads numpy with one BLAS thread, before any of its modules can load it with more.
"""

from edged.host.blas_threads import import_numpy

import_numpy()
