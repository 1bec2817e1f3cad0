"""Everything about a training that is a number or a choice, as data; nothing here computes."""
