from pathlib import Path

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from apps.core.actors import actor_of
from apps.skillset.manifests import NoSkills
from apps.skillset.sync import sync_skills

MOST_PROBLEMS = 5


@require_POST
def sync(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    if not actor.may("admin"):
        raise PermissionDenied
    try:
        synced = sync_skills(actor, Path(settings.ARIA_SKILLS_DIR))
    except NoSkills as error:
        messages.error(request, f"Not synced: {error}")
        return redirect("skill_graph")
    stats = synced.stats
    messages.success(
        request,
        f"Synced {stats['skills']} skills with {stats['tools']} tools: {stats['written']} nodes and edges written, "
        f"{stats['cleared']} cleared.",
    )
    for problem in synced.problems[:MOST_PROBLEMS]:
        messages.warning(request, f"{problem.file}: {problem.reason}")
    return redirect("skill_graph")
