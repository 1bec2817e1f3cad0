"""Tables of what the hub adds to the voice: text models, fusion."""
