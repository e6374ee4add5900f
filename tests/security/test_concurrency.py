"""Many skills at once, each on a thread and a connection of its own."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from apps.security.actions import count_action, current_window
from apps.security.models import RateLimit

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(function, times, threads=12):
    def run(number):
        try:
            return function(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(times)))


def test_no_count_is_lost_from_the_very_first():
    at_once(lambda number: count_action("moltbook", is_post=bool(number % 2), seconds=3600), 60)
    assert RateLimit.objects.get().action_count == 60


def test_checks_at_the_end_of_a_window_all_know_that_it_is_over():
    began = timezone.now() - timedelta(hours=2)
    RateLimit.objects.create(skill="moltbook", action_count=100, window_start=began)
    windows = at_once(lambda number: current_window("moltbook", 3600), 24)
    assert all(window is None or window.count == 0 for window in windows)
    assert RateLimit.objects.get().window_start > began + timedelta(hours=1)
