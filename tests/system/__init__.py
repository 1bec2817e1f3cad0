"""systemd, Arm, Home Assistant, Node-RED: real systems."""
