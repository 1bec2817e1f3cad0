"""The page Calls: recordings in, reports out."""
