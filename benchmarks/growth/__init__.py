"""Cost at three sizes."""
