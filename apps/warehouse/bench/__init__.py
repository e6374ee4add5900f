"""What a running site answers, and how fast: the measurements behind docs/performance.md."""
