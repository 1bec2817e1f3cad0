"""How fast the pipeline runs on this device, stage by stage, and what that allows."""
