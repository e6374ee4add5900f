"""Demo data: a warehouse of a believable agent, the same for the same seed and moment.

`load.fill` is the way in. Every module next to it is named for what it makes; a function named like a
table yields that table's rows.
"""
