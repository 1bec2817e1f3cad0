"""Numbers as the page writes them."""


def number(value: float) -> str:
    """Three digits, or all before the point."""
    if abs(value) >= 100:  # noqa: PLR2004 -- three digits
        return f"{value:,.0f}"
    return f"{value:#.3g}".rstrip(".")
