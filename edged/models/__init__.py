"""Where images become scores: the bundle, the gate before it and the cascade through it."""
