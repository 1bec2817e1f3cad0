"""Against a real PortAudio capture device."""
