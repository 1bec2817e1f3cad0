"""Commands that listen: to the microphone or to sound files."""
