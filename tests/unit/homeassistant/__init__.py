"""Tests of edged.homeassistant."""
