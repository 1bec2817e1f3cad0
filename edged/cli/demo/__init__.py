"""The demos: a device, and a hub beside it, on an embedded broker."""
