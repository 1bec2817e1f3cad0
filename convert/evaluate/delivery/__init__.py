"""The same clips at another time, cut to a word, shouted and whispered."""
