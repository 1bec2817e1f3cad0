"""Bundles and runs to plain results: what is measured, and against what.  Nothing here writes a bundle or Markdown."""
