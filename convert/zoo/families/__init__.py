"""The recognisers, one family or architecture a file."""
