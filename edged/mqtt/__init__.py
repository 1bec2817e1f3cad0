"""The connection to the MQTT broker: messages out, commands in."""
