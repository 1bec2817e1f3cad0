"""Parts for tests of the pages: recordings of calls, a running program, a browser."""
