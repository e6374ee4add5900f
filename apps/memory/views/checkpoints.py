from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from apps.core.keyset import keyset_page
from apps.memory import actions
from apps.memory.checkpoints import differences
from apps.memory.models import WorkingMemoryCheckpoint


@require_http_methods(["GET", "POST"])
def checkpoints(request: HttpRequest) -> HttpResponse:
    """All of them; a POST makes one."""
    if request.method == "POST":
        made = actions.make_checkpoint()
        messages.success(request, f"Kept as {made.checkpoint_id}.")
        return redirect("checkpoints")
    page = keyset_page(WorkingMemoryCheckpoint.objects.all(), "created_at", request.GET)
    return render(request, "memory/checkpoints.html", {"page": page})


@require_http_methods(["GET", "POST"])
def checkpoint(request: HttpRequest) -> HttpResponse:
    """What differs from what is in mind now; a POST restores it."""
    found = get_object_or_404(WorkingMemoryCheckpoint, pk=request.GET.get("name", "").replace("\0", ""))
    if request.method == "POST":
        restored, before = actions.restore_reversibly(found.pk)
        noun = "item" if restored == 1 else "items"
        messages.success(request, f"{restored} {noun} restored. What was in mind before is kept as {before.pk}.")
        return redirect("checkpoints")
    return render(request, "memory/checkpoint.html", {"checkpoint": found, "groups": differences(found.pk)})
