"""Home Assistant's MQTT discovery: which entities there are, published and kept current."""
