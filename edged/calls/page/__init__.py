"""Pages about calls: the report of one and the summary of many, each a single file that works offline."""
