"""Tables that are printed and written nowhere."""
