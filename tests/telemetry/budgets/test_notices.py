"""Notices of reached shares: said once, signed, tried again, logged; to real small servers."""

import hashlib
import hmac
import json
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.telemetry.budgets import notices
from apps.telemetry.budgets.notices import warn
from apps.telemetry.budgets.querysets import MOST_ATTEMPTS
from apps.telemetry.models import BudgetLease, BudgetNotice
from tests.goals.test_concurrency import at_once
from tests.remote_servers import remote_server
from tests.servers import free_port
from tests.telemetry.budgets.rows import make_budget
from tests.telemetry.rows import make_usage

pytestmark = pytest.mark.django_db
SECRET = "a secret"


@pytest.fixture
def webhook(settings):
    with remote_server(204, b"") as server:
        settings.ARIA_BUDGET_WEBHOOK_URL = f"{server.url}/hook"
        settings.ARIA_BUDGET_WEBHOOK_SECRET = SECRET
        yield server


def shares():
    return list(BudgetNotice.objects.order_by("share").values_list("share", flat=True))


def make_due():
    BudgetNotice.objects.update(next_attempt_at=timezone.now())


class TestCrossings:
    def test_are_noted_once(self):
        make_budget(limit=10)
        seen = []
        for cost in ("4.9", "0.1", "0", "3.5", "6"):
            make_usage(cost_usd=cost)
            warn()
            seen.append(shares())
        assert seen == [[], [50], [50], [50, 80], [50, 80, 100]]

    def test_of_the_next_period_are_noted_anew(self):
        budget = make_budget(limit=10, warn_at=[50])
        before = budget.window(timezone.now()).start - timedelta(days=1)
        BudgetNotice.objects.create(budget=budget, period_start=before, share=50, payload={})
        make_usage(cost_usd="5")
        warn()
        assert shares() == [50, 50]

    def test_of_a_budget_without_shares_are_not(self):
        make_budget(limit=10, warn_at=[])
        make_usage(cost_usd="50")
        warn()
        assert shares() == []

    def test_beyond_the_limit(self):
        make_budget(limit=10, warn_at=[100, 200, 1000])
        make_usage(cost_usd="51.10")
        warn()
        assert shares() == [100, 200]

    def test_expired_leases_are_forgotten(self):
        past = timezone.now() - timedelta(seconds=1)
        fields = {"lease": "0b5e7a52-6c1f-4f0e-9d55-3a1f6f9d2c07", "agent_id": "main", "amount": 1}
        BudgetLease.objects.create(budget=make_budget(), created_at=past, expires_at=past, **fields)
        warn()
        assert not BudgetLease.objects.exists()


class TestWebhook:
    def test_gets_each_notice_once_and_signed(self, webhook):
        budget = make_budget(name="Daily <b>", limit=10, warn_at=[50, 80])
        make_usage(cost_usd="9")
        warn()
        warn()
        assert webhook.asked == ["/hook", "/hook"] and len(webhook.bodies) == 2
        for body, headers in zip(webhook.bodies, webhook.headers, strict=True):
            told = json.loads(body)
            signed = f"{headers['X-Aria-Timestamp']}.".encode() + body
            expected = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
            assert headers["X-Aria-Signature"] == f"sha256={expected}"
            assert abs(int(headers["X-Aria-Timestamp"]) - timezone.now().timestamp()) < 600
            assert headers["X-Aria-Delivery"] == told["id"] and headers["Content-Type"] == "application/json"
        assert [json.loads(body)["share_percent"] for body in webhook.bodies] == [50, 80]
        assert (told["event"], told["spent"], told["limit"]) == ("budget.share_reached", 9, 10)
        assert told["budget"]["name"] == "Daily <b>" and told["budget"]["id"] == str(budget.pk)
        notice = BudgetNotice.objects.get(share=80)
        assert (notice.state, notice.attempts, notice.last_answer) == ("sent", 1, "taken")
        assert [entry["answer"] for entry in notice.log] == ["taken"]

    def test_that_is_broken_is_tried_again_with_growing_pauses(self, webhook):
        webhook.code = 500
        make_budget(limit=10, warn_at=[50])
        make_usage(cost_usd="5")
        pauses = []
        for _ in range(3):
            warn()
            notice = BudgetNotice.objects.get()
            pauses.append((notice.next_attempt_at - timezone.now()).total_seconds())
            warn()  # not yet
            make_due()
        assert len(webhook.asked) == 3 and 0 < pauses[0] <= 30 < pauses[1] <= 60 < pauses[2] <= 120
        assert (notice.state, notice.last_answer) == ("waiting", "HTTP 500")
        webhook.code = 200
        warn()
        notice.refresh_from_db()
        assert notice.state == "sent" and [entry["answer"] for entry in notice.log] == ["HTTP 500"] * 3 + ["taken"]
        assert len(set(webhook.bodies)) == 1  # each try says the same

    @pytest.mark.parametrize(("code", "answer"), [(404, "HTTP 404"), (302, "HTTP 302"), (503, "HTTP 503")])
    def test_must_take_it(self, webhook, code, answer):
        webhook.code = code
        make_budget(limit=10, warn_at=[50])
        make_usage(cost_usd="5")
        warn()
        assert webhook.asked == ["/hook"]  # no redirect is followed
        assert BudgetNotice.objects.get().last_answer == answer

    def test_that_is_slow_or_away_holds_up_nothing_for_long(self, settings, monkeypatch):
        settings.ARIA_BUDGET_WEBHOOK_SECRET = SECRET
        monkeypatch.setattr(notices, "ANSWER_SECONDS", 0.2)
        make_budget(limit=10, warn_at=[50])
        make_usage(cost_usd="5")
        with remote_server(wait=60) as slow:
            settings.ARIA_BUDGET_WEBHOOK_URL = slow.url
            warn()
            assert BudgetNotice.objects.get().last_answer == "no answer in time"
        settings.ARIA_BUDGET_WEBHOOK_URL = f"http://127.0.0.1:{free_port()}/"
        make_due()
        warn()
        notice = BudgetNotice.objects.get()
        assert notice.attempts == 2 and notice.state == "waiting" and notice.last_answer not in ("", "taken")

    def test_is_given_up_in_the_end(self, webhook):
        webhook.code = 500
        make_budget(limit=10, warn_at=[50])
        make_usage(cost_usd="5")
        warn()
        for change in ({"attempts": MOST_ATTEMPTS}, {"attempts": 1, "created_at": "2026-01-01T00:00Z"}):
            BudgetNotice.objects.update(**change)
            make_due()
            warn()
            assert BudgetNotice.objects.get().state == "given up"
        assert len(webhook.asked) == 1

    def test_without_one_the_notices_are_kept(self, settings):
        settings.ARIA_BUDGET_WEBHOOK_URL = ""
        make_budget(limit=10, warn_at=[50])
        make_usage(cost_usd="5")
        warn()
        notice = BudgetNotice.objects.get()
        assert (notice.attempts, notice.state) == (0, "waiting")

    def test_what_was_said_is_told_by_the_api(self, webhook, api):
        budget = make_budget(limit=10, warn_at=[50])
        make_usage(cost_usd="5")
        warn()
        [notice] = api.get(f"/api/budgets/{budget.pk}").json()["notices"]
        assert (notice["share"], notice["state"], notice["log"][0]["answer"]) == (50, "sent", "taken")


@pytest.mark.django_db(transaction=True)
def test_of_many_at_work_one_sends(webhook):
    make_budget(limit=10, warn_at=[50])
    make_usage(cost_usd="5")
    at_once(lambda number: warn(), range(6), 6)
    assert len(webhook.asked) == 1 and BudgetNotice.objects.get().attempts == 1
