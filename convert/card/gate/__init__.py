"""The speech gate in the card: its section and its plot."""
