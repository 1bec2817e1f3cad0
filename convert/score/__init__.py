"""Models and clips to scores, and scores to metrics."""
