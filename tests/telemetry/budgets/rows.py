"""Budgets for tests, everything overridable."""

from itertools import count

from apps.telemetry.models import Budget

numbers = count(1)


def make_budget(**over) -> Budget:
    return Budget.objects.create(**{"name": f"Budget {next(numbers)}", "limit": 10} | over)
