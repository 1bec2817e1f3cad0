"""Test parts: broker and MQTT clients."""
