"""Commands that deal with published messages: events, topics, access."""
