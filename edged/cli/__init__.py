"""The command line: one file per command, terminal, log and exit status.

Every way to start edged imports this package before numpy, so the number of BLAS threads is limited here.
"""

from edged.host.process.blas_threads import limit_blas_threads

limit_blas_threads()
