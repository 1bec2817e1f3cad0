"""A speech-emotion sensor: a microphone in, emotion events out over MQTT; only labels leave the device."""
