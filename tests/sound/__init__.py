"""Tests with a real PortAudio capture device."""
