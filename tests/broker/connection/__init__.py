"""The connection to a real mosquitto."""
