"""Where scores become steady episodes, and the types of all payloads."""
