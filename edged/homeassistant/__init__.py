"""MQTT discovery for Home Assistant: the device's entities, published and kept current."""
