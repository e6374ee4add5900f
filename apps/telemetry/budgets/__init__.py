"""Budgets: what may be spent in a day, week or month, who asks before spending, and who is told when it grows.

Periods are of UTC, so that the sums by the day add up to them, and begin at midnight, on Monday or on the 1st.
Spending is what the telemetry holds (`spending`); a check that says yes holds a lease on it until the spending is
reported (`checks`); crossed shares become notices, which go to the webhook (`notices`).
"""
