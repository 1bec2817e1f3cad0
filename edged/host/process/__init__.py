"""This process: its BLAS threads and its memory."""
