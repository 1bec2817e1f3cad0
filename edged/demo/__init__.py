"""The way through the whole program that needs neither microphone nor broker."""
