"""A mood to what a language model decides about it, and to the one thing of the config that it may then do."""
