from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.core.export import export_table, wanted_format
from apps.core.ranges import NAMES, chosen_range
from apps.telemetry.all_calls import AllCalls, AllTools
from apps.telemetry.skill_calls import TOOL, Group, SkillCalls
from apps.telemetry.skill_charts import charts, figures, rhythm
from apps.telemetry.skill_condition import GOOD, IN_A_ROW, LEVELS, Condition, conditions

MOST = 50  # rows of a table
BUSIEST = 25  # skills and errors; each row has percentiles of its own
TOOL_COLUMNS = (
    "skill",
    "tool",
    "calls",
    "failed",
    "median_ms",
    "p95_ms",
    "p99_ms",
    "longest_ms",
    "tokens",
    "last_call",
)
HEALTH_COLUMNS = ("skill", "health", "reasons", "calls_7d", "failed_7d", "calls_24h", "failed_24h", "last_call")


@require_GET
def skill_stats(request: HttpRequest) -> HttpResponseBase:
    time, range_form = chosen_range(request.GET)
    if wanted_format(request):
        calls = SkillCalls(time, parts=TOOL)
        return export_table(request, TOOL_COLUMNS, map(tool_row, calls.timed(calls.by(*TOOL), *TOOL)), "skill-tools")
    context: dict[str, Any] = {"time": time, "ranges": NAMES, "range_form": range_form}
    if request.GET.get("show") == "tools":
        context["slowest"], context["failing"] = AllTools(time).slowest_and_failing
        return render(request, "telemetry/skill_tools.html", context)
    every = AllCalls(time, most=BUSIEST)
    context |= {
        "figures": figures(every),
        "charts": charts(every),
        "rhythm": rhythm(every),
        "skills": every.skills,
        "left_out": len(every.rows[BUSIEST:]),
        "errors": every.errors,
        "most": BUSIEST,
    }
    return render(request, "telemetry/skill_stats.html", context)


def tool_row(tool: Group) -> tuple[Any, ...]:
    times = [None if value is None else round(value) for value in tool.percentiles]
    return (*tool.names, tool.outcomes.calls, tool.outcomes.failed, *times, tool.longest, tool.tokens, tool.last_seen)


@require_GET
def skill_health(request: HttpRequest) -> HttpResponseBase:
    every, asked = conditions(), request.GET.get("level", "")
    found = [one for one in every if asked not in LEVELS or one.level == asked]
    if wanted_format(request):
        return export_table(request, HEALTH_COLUMNS, map(health_row, found), "skill-health")
    context = {
        "levels": [(level, words, sum(one.level == level for one in every)) for level, words in LEVELS.items()],
        "level": asked if asked in LEVELS else "",
        "conditions": found[:MOST],
        "left_out": len(found[MOST:]),
        "good": f"{GOOD * 100:.0f} %",
        "in_a_row": IN_A_ROW,
    }
    return render(request, "telemetry/skill_health.html", context)


def health_row(one: Condition) -> tuple[Any, ...]:
    outcomes = (one.week.calls, one.week.failed, one.recent.calls, one.recent.failed)
    return (one.skill, one.level, "; ".join(one.reasons), *outcomes, one.last_at)
