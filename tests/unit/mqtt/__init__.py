"""Tests of edged.mqtt."""
