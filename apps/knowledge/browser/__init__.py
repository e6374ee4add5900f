"""Looking at a graph, the organic one or that of skills: never the whole of it, always a bounded part."""
