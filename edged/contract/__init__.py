"""What others see: topics, payloads, commands; the only part that every stage may import."""
