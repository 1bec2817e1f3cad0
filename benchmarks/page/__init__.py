"""The page docs/benchmarks.md and its plots."""
