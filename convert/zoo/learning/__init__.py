"""How recognisers learn: vectors, classifiers, networks and their training; `families` puts them together."""
