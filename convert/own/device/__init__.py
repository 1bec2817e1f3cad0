"""Recognisers of the zoo as one int8 model that a device runs on its own log-mel images."""
