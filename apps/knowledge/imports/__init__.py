"""Graphs from files and from other memories: read into a draft, looked through, then stored in one action."""
