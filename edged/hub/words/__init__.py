"""Words to emotions: the linear model's n-grams, and the file that holds it."""
