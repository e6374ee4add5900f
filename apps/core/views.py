from typing import cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from apps.core.models import SavedView, User
from apps.core.zones import CHOSEN, ZoneForm

YEAR = 365 * 24 * 60 * 60
MOST_VIEWS = 50  # a person and page: their names stand on it


def person_of(request: HttpRequest) -> User:
    """Every page but the login is for persons alone."""
    return cast(User, request.user)


class SavedViewForm(forms.ModelForm):
    class Meta:
        model = SavedView
        fields = ["page", "name", "query"]

    def clean_page(self) -> str:
        page = self.cleaned_data["page"]
        if not page.startswith("/") or page.startswith("//") or "?" in page or "\\" in page:
            raise forms.ValidationError("This is no page of the site.")
        return page


@require_POST
def save_view(request: HttpRequest) -> HttpResponse:
    """A name that the person has for this page already now means what is shown."""
    form = SavedViewForm(request.POST)
    if not form.is_valid():
        messages.error(request, "A view needs a name of at most 60 characters and a page of this site.")
        return redirect("home")
    page, name = form.cleaned_data["page"], form.cleaned_data["name"]
    mine = SavedView.objects.filter(user=person_of(request), page=page)
    if mine.exclude(name=name).count() >= MOST_VIEWS:
        messages.error(request, f"There are {MOST_VIEWS} saved views of this page. Delete one first.")
    else:
        view, _ = mine.update_or_create(
            user=person_of(request), page=page, name=name, defaults={"query": form.cleaned_data["query"]}
        )
        messages.success(request, f"Saved the view “{view.name}”.")
    return redirect(f"{page}?{form.cleaned_data['query']}")


@require_POST
def delete_view(request: HttpRequest, pk: int) -> HttpResponse:
    view = get_object_or_404(SavedView, pk=pk, user=person_of(request))
    view.delete()
    messages.success(request, f"Deleted the view “{view.name}”.")
    return redirect(view.page)


@require_http_methods(["GET", "POST"])
def settings_page(request: HttpRequest) -> HttpResponse:
    """What each person may have their own way, in this browser."""
    form = ZoneForm(request)
    if request.method == "GET" or not form.is_valid():
        return render(request, "core/settings.html", {"form": form}, status=422 if form.is_bound else 200)
    response = redirect("settings")
    if zone := form.cleaned_data["zone"]:
        response.set_cookie(CHOSEN, zone, max_age=YEAR, httponly=True, samesite="Lax")
    else:
        response.delete_cookie(CHOSEN)
    messages.success(request, f"Times are in {zone}." if zone else "Times are in the browser's zone.")
    return response
