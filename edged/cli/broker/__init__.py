"""Commands about what is published: events, topics, access."""
