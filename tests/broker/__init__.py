"""Against a real mosquitto."""
