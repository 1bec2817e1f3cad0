"""Tests of edged.outbox."""
