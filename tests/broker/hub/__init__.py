"""Agents of the hub: a real broker, a real MCP client, a real llama server."""
