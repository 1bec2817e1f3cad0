"""A user's recordings to a bundle of their own labels: corpus, routes, folds by speaker, parts, metrics."""
