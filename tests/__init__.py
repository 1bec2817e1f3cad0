"""Tests: one file per module, real parts where users have real parts."""

from edged.host.process.blas_threads import limit_blas_threads

limit_blas_threads()  # before a test imports numpy, as the command line does
