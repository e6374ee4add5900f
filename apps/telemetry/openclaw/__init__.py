"""Sessions that the agent's own runtime, OpenClaw, knows of: told by its gateway, or kept in its index files."""
