"""The section ``hub`` of config.yaml: its structs, ready-made inputs, and what its keys must be together."""
