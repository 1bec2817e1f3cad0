"""The files of a bundle: a run's models and results to ``bundle.json`` and everything that stands beside it."""
