"""The page of the zoo and its picture."""
