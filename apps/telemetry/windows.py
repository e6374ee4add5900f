def clamp(value: int, least: int, most: int) -> int:
    """Where the contract gives bounds but takes every number."""
    return max(least, min(value, most))
