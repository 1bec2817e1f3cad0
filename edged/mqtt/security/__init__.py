"""How the two ends prove who they are: certificates and passwords."""
