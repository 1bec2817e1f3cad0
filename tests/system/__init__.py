"""Real systems: systemd, Arm, Home Assistant, Node-RED."""
