"""Recordings of calls to reports: how the customer's emotion moved, and whether the call calmed the customer."""
