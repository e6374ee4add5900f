"""Sums are what the rows say, whatever happened to the rows and whatever of it was rolled up."""

import random
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from django.db.models import Count, F, Max, Min, Q, Sum, TextField, Value
from django.db.models.functions import Cast
from django.utils import timezone

from apps.core.models import StaleHour
from apps.core.rolling_up import roll_up, roll_up_ever, roll_up_months
from apps.core.rollups import floor
from apps.core.triggers import MOST_ADDED
from apps.telemetry import sums
from apps.telemetry.call_totals import CallTotal
from apps.telemetry.latencies import InvocationTime, UsageTime
from apps.telemetry.models import ActivityLog, AgentSession, ModelUsage, SkillInvocation
from apps.telemetry.sums import STREAMS, ActivitySum, InvocationSum, SessionSum, UsageSum
from tests.goals.test_concurrency import at_once
from tests.telemetry.rows import make_session, make_usage

START = datetime(2026, 3, 29, 21, 30, tzinfo=UTC)  # so that a month begins in the middle
WINDOWS = [
    (None, None),
    (START, None),
    (None, START + timedelta(days=3)),
    (START + timedelta(hours=2, minutes=10), START + timedelta(hours=2, minutes=20)),
    (START + timedelta(minutes=45), START + timedelta(hours=1, minutes=5)),
    (START.replace(hour=0, minute=0) + timedelta(days=1), START.replace(hour=0, minute=0) + timedelta(days=2)),
    (START + timedelta(hours=7, minutes=1), START + timedelta(days=3, minutes=59)),
    (START.replace(day=1, hour=0, minute=0), START + timedelta(days=40)),
]


def within(rows, moment, since, until):
    bounds = {f"{moment}__gte": since, f"{moment}__lt": until}
    return rows.objects.filter(**{name: bound for name, bound in bounds.items() if bound})


def raw_and_summed(since, until, finest):
    """Pairs that must be equal: what the rows of a window say, and what its sums add up to."""
    sessions = within(AgentSession, "started_at", since, until).values("agent_id", "status")
    calls = within(ModelUsage, "created_at", since, until).values("model", "session__agent_id")
    invocations = within(SkillInvocation, "created_at", since, until).values("skill_name", "tool_name")
    activities = within(ActivityLog, "created_at", since, until).values("action", "skill")
    summed = {stream: stream.objects.between(since, until, finest) for stream in STREAMS}
    usage = (Sum("model_calls__cost_usd"), Sum("call_cost_usd"))
    yield (
        sessions.annotate(n=Count("id", distinct=True)).values_list("agent_id", "status", "n"),
        summed[SessionSum].values_list("agent_id", "status").annotate(n=Sum("sessions")),
    )
    yield (
        sessions.annotate(cost=usage[0]).values_list("agent_id", "status", "cost"),
        summed[SessionSum].values_list("agent_id", "status").annotate(cost=usage[1]),
    )
    yield (
        calls.annotate(n=Count("id"), cost=Sum("cost_usd")).values_list("model", "session__agent_id", "n", "cost"),
        summed[UsageSum].values_list("model", "agent_id").annotate(n=Sum("requests"), cost=Sum(F("cost_usd"))),
    )
    yield (
        invocations.annotate(n=Count("id"), ms=Sum("duration_ms")).values_list("skill_name", "tool_name", "n", "ms"),
        summed[InvocationSum].values_list("skill_name", "tool_name").annotate(n=Sum("calls"), ms=Sum("duration_ms")),
    )
    yield (
        invocations.values_list("skill_name", "model_used", "error_type").annotate(
            n=Count("id"), first=Cast(Min("created_at"), TextField()), last=Cast(Max("created_at"), TextField())
        ),
        summed[InvocationSum]
        .values_list("skill_name", "model_used", "error_type")
        .annotate(n=Sum("calls"), first=Cast(Min("first_at"), TextField()), last=Cast(Max("last_at"), TextField())),
    )
    silent = Q(cost_usd=0) & (Q(input_tokens__gt=0) | Q(output_tokens__gt=0))
    yield (
        calls.values("model")
        .filter(silent)
        .annotate(n=Count("id"), tokens=Sum("input_tokens"))
        .values_list("model", "n", "tokens"),
        summed[UsageSum]
        .values_list("model")
        .annotate(n=Sum("silent_requests"), tokens=Sum("silent_input_tokens"))
        .filter(n__gt=0)
        .values_list("model", "n", "tokens"),
    )
    yield (
        invocations.annotate(n=Count("duration_ms")).filter(n__gt=0).values_list("skill_name", "tool_name", "n"),
        summed[InvocationTime].exclude(bucket=None).values_list("skill_name", "tool_name").annotate(n=Sum("calls")),
    )
    yield (
        calls.annotate(n=Count("id")).values_list("model", "session__agent_id", "n"),
        summed[UsageTime].values_list("model", "agent_id").annotate(n=Sum("calls")),
    )
    of_all = within(SkillInvocation, "created_at", since, until).values(only=Value("all"))
    yield (
        of_all.annotate(n=Count("id"), failed=Count("id", filter=Q(success=False)), ms=Sum("duration_ms")).values_list(
            "n", "failed", "ms"
        ),
        summed[CallTotal]
        .values(only=Value("all"))
        .annotate(n=Sum("calls"), f=Sum("failed"), ms=Sum("duration_ms"))
        .values_list("n", "f", "ms"),
    )
    yield (
        activities.annotate(n=Count("id")).values_list("action", "skill", "n"),
        summed[ActivitySum].values_list("action", "skill").annotate(n=Sum("activities")),
    )


def plain(rows):
    """Nothing and nought are the same sum."""
    return sorted(tuple(value if isinstance(value, str) else str(float(value or 0)) for value in row) for row in rows)


def check_all_windows():
    for since, until in WINDOWS:
        for finest in ("ever", "month", "day", "hour"):
            for raw, summed in raw_and_summed(since, until, finest):
                assert plain(summed.order_by()) == plain(raw.order_by())


class History:
    """What writers do to the telemetry in four days, late arrivals, corrections and deletions among it."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def moment(self):
        # Often the same hours, so that something is changed after it was summed, and often their very start.
        hour = START.replace(minute=0) + timedelta(hours=self.random.choice((0, 1, 2, 7, 26, 27, 50, 80)))
        return hour + timedelta(minutes=self.random.choice((0, 10, 30, 59)))

    def one_of(self, rows):
        return self.random.choice(list(rows.objects.order_by("pk")))

    def start_session(self):
        AgentSession.objects.create(agent_id=self.random.choice("ab"), started_at=self.moment())

    def call_model(self):
        session = self.one_of(AgentSession) if AgentSession.objects.exists() and self.random.random() < 0.7 else None
        ModelUsage.objects.create(
            model=self.random.choice("xy"),
            session=session,
            cost_usd=self.random.choice(("0.25", "0")),
            created_at=self.moment(),
            input_tokens=3,
            latency_ms=self.random.choice((None, 40)),
        )

    def call_tool(self):
        times = {"duration_ms": self.random.choice((None, 5, 70)), "created_at": self.moment()}
        kind = self.random.choice(({}, {"model_used": "qwen3"}, {"success": False, "error_type": "TimeoutError"}))
        SkillInvocation.objects.create(skill_name=self.random.choice("st"), tool_name="tool", **times, **kind)

    def act(self):
        rows = [ActivityLog(action="look", skill=s, created_at=self.moment()) for s in (None, "s", "t")]
        ActivityLog.objects.bulk_create(rows)

    def end_session(self):
        AgentSession.objects.filter(agent_id="a").update(status="ended", ended_at=START + timedelta(days=4))

    def rename_agent(self):
        if AgentSession.objects.exists():
            AgentSession.objects.filter(pk=self.one_of(AgentSession).pk).update(agent_id="c")

    def delete_session(self):
        if AgentSession.objects.exists():
            self.one_of(AgentSession).delete()

    def move_call(self):
        if ModelUsage.objects.exists():
            ModelUsage.objects.filter(pk=self.one_of(ModelUsage).pk).update(created_at=self.moment())

    def forget_calls(self):
        SkillInvocation.objects.filter(created_at__lt=self.moment(), skill_name="s").delete()

    def roll_up(self):
        for stream in self.random.sample(STREAMS, 2):
            roll_up(stream, most=self.random.choice((1, 3, 1000)))
            if self.random.random() < 0.6:
                roll_up_months(stream)
            if self.random.random() < 0.6:
                roll_up_ever(stream)

    STEPS = (start_session, call_model, call_tool, act, end_session, rename_agent, delete_session, move_call)
    STEPS += (forget_calls, roll_up, roll_up, call_model, start_session)


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(3))
def test_sums_agree_with_the_rows_at_every_step_of_a_history(seed):
    history = History(seed)
    for number in range(60):
        history.random.choice(History.STEPS)(history)
        if number % 15 == 14:
            check_all_windows()
    for stream in STREAMS:
        roll_up(stream)
        roll_up_months(stream)
        roll_up_ever(stream)
    assert not StaleHour.objects.exists()
    check_all_windows()


@pytest.mark.django_db
def test_rolled_up_hours_are_read_from_the_sums():
    History(1).call_tool()
    roll_up(InvocationSum)
    with connection.cursor() as cursor:  # past the triggers, as nobody should
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("DELETE FROM skill_invocations")
    assert InvocationSum.objects.between(None).aggregate(n=Sum("calls")) == {"n": 1}


@pytest.mark.django_db
def test_what_arrives_is_added_without_reading_its_hour_again():
    make_session(started_at=START)
    session = AgentSession.objects.get()
    make_usage(session=session, created_at=START, cost_usd="2")
    roll_up(SessionSum)
    make_usage(session=session, created_at=START, cost_usd="3", latency_ms=7)
    make_usage(session=session, created_at=START)
    assert not StaleHour.objects.filter(sums="site_session_sum").exists()
    with connection.cursor() as cursor:  # past the triggers, as nobody should
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("DELETE FROM model_usage")
    for finest in ("month", "hour"):
        figures = SessionSum.objects.between(None, finest=finest).aggregate(n=Sum("calls"), cost=Sum("call_cost_usd"))
        assert figures == {"n": 3, "cost": 5}
    roll_up(SessionSum)
    assert SessionSum.objects.between(None).aggregate(n=Sum("calls")) == {"n": 0}


@pytest.mark.django_db
def test_many_rows_at_once_are_summed_with_their_hour():
    ActivityLog.objects.bulk_create(ActivityLog(action="look", created_at=START) for _ in range(MOST_ADDED + 1))
    assert [note.sums for note in StaleHour.objects.all()] == ["site_activity_sum"]
    assert ActivitySum.objects.between(None).aggregate(n=Sum("activities")) == {"n": MOST_ADDED + 1}


@pytest.mark.django_db
def test_a_month_is_summed_when_it_is_over():
    now = timezone.now()
    for created_at in (now, floor(now, "month") - timedelta(minutes=1)):
        SkillInvocation.objects.create(skill_name="s", tool_name="t", created_at=created_at)
    assert (roll_up(InvocationSum), roll_up_months(InvocationSum), roll_up_months(InvocationSum)) == (2, 1, 0)
    assert InvocationSum.months.objects.count() == 1
    assert InvocationSum.objects.between(None).aggregate(n=Sum("calls")) == {"n": 2}


@pytest.mark.django_db
def test_that_there_is_nothing_to_sum_costs_two_questions(django_assert_num_queries):
    SkillInvocation.objects.create(skill_name="s", tool_name="t", created_at=START)
    sums.roll_up_all()
    with django_assert_num_queries(2):
        sums.roll_up_all()


@pytest.mark.django_db
def test_what_stops_one_stream_does_not_stop_the_others(monkeypatch, caplog):
    def failing(stream, most):
        if stream is SessionSum:
            raise OperationalError("canceling statement due to statement timeout")
        return roll_up(stream, most)

    monkeypatch.setattr(sums, "roll_up", failing)
    make_session(started_at=START)
    SkillInvocation.objects.create(skill_name="s", tool_name="t", created_at=START)
    sums.roll_up_all()
    assert "site_session_sum cannot be brought up to date" in caplog.text
    assert {note.sums for note in StaleHour.objects.all()} == {"site_session_sum_added"}


@pytest.mark.django_db
@pytest.mark.parametrize("stream", STREAMS)
def test_keys_are_of_one_type_everywhere_so_that_indexes_answer_filters(stream):
    keys = ", ".join(["starts", *stream.rows.keys])
    parts = (f"SELECT * FROM {stream._meta.db_table}", stream.rows.sums("true"))
    with connection.cursor() as cursor:
        types = [cursor.execute(f"SELECT {keys} FROM ({part}) AS p LIMIT 0").description for part in parts]
    stored, summed = ([column.type_code for column in columns] for columns in types)
    assert stored == summed


@pytest.mark.django_db
def test_an_hour_takes_the_newest_first_and_says_how_many_it_took():
    SkillInvocation.objects.bulk_create(
        SkillInvocation(skill_name="s", tool_name="t", created_at=START + timedelta(hours=number))
        for number in range(5)
    )
    assert (roll_up(InvocationSum, most=2), roll_up(InvocationSum), roll_up(InvocationSum)) == (2, 3, 0)


@pytest.mark.django_db
def test_after_truncate_nothing_is_left():
    for _ in range(5):
        History(2).act()
    roll_up(ActivitySum)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE activity_log")
    assert not ActivitySum.objects.between(None).exists()
    roll_up(ActivitySum)
    assert not ActivitySum.objects.exists()


@pytest.mark.django_db
def test_a_moment_beyond_the_calendar_is_stored_and_belongs_to_no_hour():
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO activity_log (action, created_at) VALUES ('wait', 'infinity'), ('go', now())")
    assert ActivitySum.objects.between(None).aggregate(n=Sum("activities")) == {"n": 1}
    assert roll_up(ActivitySum) == 1


@pytest.mark.oldest
@pytest.mark.django_db
def test_an_end_beyond_the_calendar_is_no_end():
    """Oldest PostgreSQL cannot even tell how long that took."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO agent_sessions (agent_id, ended_at) VALUES ('a', 'infinity'), ('a', '-infinity')")
    assert SessionSum.objects.between(None).aggregate(n=Sum("sessions"), ended=Sum("ended"), s=Sum("seconds")) == {
        "n": 2,
        "ended": 0,
        "s": 0,
    }
    assert roll_up(SessionSum) == 1


@pytest.mark.django_db(transaction=True)
def test_what_is_written_while_sums_are_rolled_up_is_counted_once():
    def work(number):
        if number % 4 == 0:
            return roll_up_ever(InvocationSum) if number % 8 else roll_up(InvocationSum)
        SkillInvocation.objects.create(skill_name="s", tool_name=str(number % 3), created_at=START)

    at_once(work, range(200))
    assert InvocationSum.objects.between(None).aggregate(n=Sum("calls")) == {"n": 150}
    for finest in ("ever", "month"):
        roll_up(InvocationSum)
        roll_up_ever(InvocationSum)
        assert InvocationSum.objects.between(None, finest=finest).aggregate(n=Sum("calls")) == {"n": 150}
    assert not StaleHour.objects.filter(sums="site_invocation_sum").exists()


@pytest.mark.django_db
def test_a_rebuild_mends_sums_that_were_tampered_with():
    history = History(3)
    for _ in range(6):
        history.act()
    roll_up(ActivitySum)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE site_activity_sum SET activities = 99")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("DELETE FROM activity_log WHERE created_at < %s", [START + timedelta(hours=20)])
    call_command("rollup", rebuild=True, stdout=StringIO())
    check_all_windows()
    assert not StaleHour.objects.exists()
