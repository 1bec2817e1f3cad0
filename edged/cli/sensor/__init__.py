"""Commands that process sound, from the microphone or from files."""
