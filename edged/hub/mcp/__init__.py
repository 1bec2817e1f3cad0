"""The moods of all places to an agent that asks for them, over the Model Context Protocol; read-only."""
