"""Limits of a config value, each with its description for error messages and the reference.

number(0, 1) ──► msgspec.Meta: at least 0, at most 1, "a number, 0 to 1"
"""

import msgspec


def number(low: float, high: float) -> msgspec.Meta:
    """A number from ``low`` to ``high``."""
    return msgspec.Meta(ge=low, le=high, description=f"a number, {low:g} to {high:g}")


def whole(low: int, high: int) -> msgspec.Meta:
    """A whole number from ``low`` to ``high``."""
    return msgspec.Meta(ge=low, le=high, description=f"a whole number, {low} to {high}")


def text(description: str, pattern: str = ".") -> msgspec.Meta:
    """Text that matches ``pattern``; ``description`` says what it must be."""
    return msgspec.Meta(pattern=pattern, description=description)
