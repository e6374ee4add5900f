from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.core.arrivals import live_page
from apps.core.export import export_rows, export_table, wanted_format
from apps.core.form_fields import NameSelect
from apps.core.keyset import KeysetPage, ordered
from apps.core.ranges import NAMES, chosen_range
from apps.skillset.facts import manifest_facts
from apps.skillset.models import SkillStatusRecord, SkillUse
from apps.telemetry.models import SkillInvocation
from apps.telemetry.schemas.skills import FIELDS
from apps.telemetry.skill_calls import TOOL, SkillCalls
from apps.telemetry.skill_charts import charts, figures, latency_histogram, rhythm
from apps.telemetry.skill_condition import conditions
from apps.warehouse.skills import registry
from apps.warehouse.skills.registry import COLUMNS, SORTS, STATES, Skill, Wanted

A_PAGE = 50  # skills
MANY = 200  # skills, whose health takes longer to find out than all else
TIME = ("range", "since", "until")


class SkillFilter(forms.Form):
    q = forms.CharField(
        required=False,
        widget=forms.TextInput({"type": "search", "placeholder": "Name", "class": "field", "aria-label": "Name"}),
    )
    state = forms.ChoiceField(
        required=False,
        choices=[("", "Health: all"), *((state, words.capitalize()) for state, words in STATES.items())],
        widget=forms.Select({"class": "field", "aria-label": "Health"}),
    )
    layer = forms.CharField(required=False)

    def __init__(self, wanted: Wanted, skills: list[Skill]) -> None:
        super().__init__({"q": wanted.q, "state": wanted.state, "layer": wanted.layer})
        self.fields["layer"].widget = NameSelect("layer", (skill.layer for skill in skills), wanted.layer)


@require_GET
def skills(request: HttpRequest) -> HttpResponseBase:
    time, range_form = chosen_range(request.GET)
    wanted = wanted_skills(request)
    every = registry.skills_of(time)
    # Where there are more, the health of those that are shown will do, unless it is asked for.
    all_known = bool(len(every) <= MANY or wanted.state or wanted_format(request))
    if all_known:
        every = registry.with_conditions(every, conditions())
    found = wanted.of(every)
    if wanted_format(request):
        return export_table(request, COLUMNS, (skill.row for skill in found), "skills")
    shown = Paginator(found, A_PAGE).get_page(request.GET.get("page"))
    rows = list(shown)
    if not all_known:
        rows = registry.with_conditions(rows, conditions([skill.name for skill in rows]))
    context: dict[str, Any] = {
        "time": time,
        "ranges": NAMES,
        "range_form": range_form,
        "kept": [(name, request.GET[name]) for name in (*TIME, "sort") if name in request.GET],
        "wanted": wanted,
        "filter": SkillFilter(wanted, every),
        "figures": [*registry.figures(every), *(registry.figures_of_health(every) if all_known else ())],
        "all_known": all_known,
        "page": KeysetPage(registry.with_sparks(rows, time), wanted.order),
        "numbered": shown,
    }
    return render(request, "skillset/skills.html", context)


def wanted_skills(request: HttpRequest) -> Wanted:
    """What there is no filter or order for counts as not asked for."""
    q, state, layer, sort = (request.GET.get(name, "").replace("\0", "") for name in ("q", "state", "layer", "sort"))
    order = sort if sort.removeprefix("-") in SORTS else "name"
    return Wanted(q.strip(), state if state in STATES else "", layer, order)


@require_GET
def skill(request: HttpRequest, name: str) -> HttpResponseBase:
    """A skill that is registered, in the graph or was ever called."""
    if "\0" in name:
        raise Http404("No skill has such a name.")
    time, range_form = chosen_range(request.GET)
    invocations = SkillInvocation.objects.filter(skill_name=name, created_at__lt=time.until)
    invocations = invocations.filter(created_at__gte=time.since) if time.since else invocations
    outcome = request.GET.get("outcome", "")
    if outcome == "failed":
        invocations = invocations.filter(success=False)
    if wanted_format(request):
        return export_rows(request, ordered(invocations, "created_at", request.GET), FIELDS, "skill-calls")
    calls = SkillCalls(time, name)
    record = SkillStatusRecord.objects.filter(skill_name=name).first()
    facts = manifest_facts(name)
    if not (record or facts or calls.rows or SkillUse.objects.filter(pk=name).exists()):
        raise Http404(f"There is no skill {name!r}, and there never was a call of one.")
    context: dict[str, Any] = {
        "name": name,
        "record": record,
        "facts": facts,
        "time": time,
        "ranges": NAMES,
        "range_form": range_form,
        "outcomes": calls.outcomes,
        "figures": figures(calls),
        "charts": [*charts(calls), latency_histogram(calls.all_times)],
        "rhythm": rhythm(calls),
        "tools": calls.timed(calls.by(*TOOL), *TOOL),
        "errors": calls.errors,
        "models": calls.by("model_used"),
        "outcome": outcome,
        "calls": live_page(invocations, "created_at", request),
    }
    return render(request, "skillset/skill.html", context)
