"""The base classes of the admin: pages whose cost does not grow with the table, and writes with a name on them.

The rows are an agent's words and may be hostile or huge; everything shown goes through Django's escaping.
"""

import json
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import AdminTextareaWidget, AdminTextInputWidget
from django.db import models
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import Truncator

from apps.core.actors import acting, actor_of
from apps.core.admin_filters import NamesFilter, matching_names
from apps.core.admin_paging import BoundedPaginator, StreamPaginator
from apps.core.fields import DatabaseForeignKey


class IndentedJSONField(forms.JSONField):
    """JSON that people can read; an empty object, list or text is a value like any other."""

    empty_values = [None]

    def prepare_value(self, value):
        if isinstance(value, forms.fields.InvalidJSONInput):
            return value
        return "" if value is None else indented(value)

    def to_python(self, value):
        return super().to_python(None if value == "" else value)


class WarehouseForm(forms.ModelForm):
    def clean(self):
        data = super().clean() or self.cleaned_data
        for name, value in data.items():
            if isinstance(value, str):
                data[name] = value.replace("\r\n", "\n")  # browsers send CRLF, agents write LF
        for field in self.json_fields():
            if data.get(field.name, field) is None and not field.null:
                data[field.name] = field.get_default()
        return data

    def _get_validation_exclusions(self):
        # The model's own check takes {} and [] for a missing value; the form field has checked enough.
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded | {field.name for field in self.json_fields()}

    def json_fields(self) -> list[models.JSONField]:
        return [field for field in self._meta.model._meta.concrete_fields if isinstance(field, models.JSONField)]


class WarehouseAdmin(admin.ModelAdmin):
    """A table that people may edit, beside the agent that does so too."""

    form = WarehouseForm
    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    readonly_fields = ["id"]
    # Filled in on the add page, shown ever after.
    set_once: list[str] = []
    # Text columns whose text is a name: one line to edit it in.
    one_line: list[str] = []
    # Rows pointed to, fetched for the page; a join would fetch them for all rows that are sorted.
    list_prefetch_related: list[str] = []
    list_select_related = ()
    formfield_overrides = {
        models.JSONField: {
            "form_class": IndentedJSONField,
            "widget": AdminTextareaWidget({"class": "vLargeTextField json", "spellcheck": "false"}),
        }
    }

    class Media:
        css = {"all": ["css/admin.css"]}

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related(*self.list_prefetch_related)

    def get_search_results(self, request, queryset, search_term):
        if key := as_uuid(search_term):
            return queryset.filter(self.by_key(key)), False
        return super().get_search_results(request, queryset, search_term)

    def by_key(self, key: UUID) -> models.Q:
        """Rows whose own id, or the id of a row they point to, is `key`; all of these are indexed."""
        found = models.Q()
        for field in self.model._meta.concrete_fields:
            target = field.target_field if field.is_relation else field
            if isinstance(target, models.UUIDField):
                found |= models.Q((field.attname, key))
        return found or models.Q(pk__in=[])

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if isinstance(db_field, models.TextField) and db_field.null:
            kwargs["empty_value"] = None  # Django does so for CharField only
        if db_field.name in self.one_line:
            kwargs["widget"] = AdminTextInputWidget
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field:
            # The agent may write to the row while the page is open: what counts as changed, and so is
            # saved, is what differs from the page, not from the row.
            field.show_hidden_initial = True
        return field

    def get_readonly_fields(self, request, obj=None):
        return [*self.readonly_fields, *self.set_once] if obj else []

    def get_exclude(self, request, obj=None):
        return [*(self.exclude or []), *([] if obj else self.readonly_fields)]

    def get_fieldsets(self, request, obj=None):
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return fieldsets
        return [(title, {**options, "fields": self.legible(options["fields"])}) for title, options in fieldsets]

    def legible(self, names: Iterable[Any]) -> list[Any]:
        """The fields to show, those of JSON indented."""
        json_fields = {f.name: f for f in self.model._meta.concrete_fields if isinstance(f, models.JSONField)}
        return [pretty(json_fields[name]) if name in json_fields else name for name in names]

    def save_model(self, request, obj, form, change):
        with acting(actor_of(request)):
            if change:
                obj.save(update_fields=written(obj, form.changed_data))
            else:
                obj.save(force_insert=True)

    def delete_model(self, request, obj):
        with acting(actor_of(request)):
            super().delete_model(request, obj)

    def delete_queryset(self, request, queryset):
        with acting(actor_of(request)):
            super().delete_queryset(request, queryset)

    def get_deleted_objects(self, objs, request):
        """Django's list, and how many rows of other tables the database deletes with them."""
        listed, counts, *rest = super().get_deleted_objects(objs, request)
        for relation in self.model._meta.related_objects:
            if cascades(relation):
                rows = relation.related_model._default_manager.filter((f"{relation.field.name}__in", objs))
                label = relation.related_model._meta.verbose_name_plural
                counts[label] = counts.get(label, 0) + rows.count()
        return listed, counts, *rest

    def history_view(self, request, object_id, extra_context=None):
        """The site's own history, which knows every writer; Django's knows the admin alone."""
        row = {"table_name": self.model._meta.db_table, "row_id": unquote(object_id)}
        return redirect(f"{reverse('admin:core_change_changelist')}?{urlencode(row)}")


class EdgeAdmin(WarehouseAdmin):
    """The edges of a graph, searched by the names of their ends."""

    list_display = ["from_entity", "relation_type", "to_entity", "created_at"]
    list_display_links = ["relation_type"]
    list_filter = [("relation_type", NamesFilter)]
    list_prefetch_related = ["from_entity", "to_entity"]
    search_fields = ["from_entity__name", "to_entity__name"]
    search_help_text = "Part of an entity's name, or the id of a relation or entity."
    date_hierarchy = "created_at"
    ordering = ["-created_at"]
    autocomplete_fields = ["from_entity", "to_entity"]
    readonly_fields = ["id", "created_at"]

    def get_search_results(self, request, queryset, search_term):
        if key := as_uuid(search_term):
            return queryset.filter(self.by_key(key)), False
        entities = self.model._meta.get_field("from_entity").related_model._default_manager
        for word in search_term.split():
            # The entities first: joined to both ends, each name would be looked at once an edge.
            named = entities.filter(name__icontains=word)
            queryset = queryset.filter(models.Q(from_entity__in=named) | models.Q(to_entity__in=named))
        return queryset, False


class ReadOnlyAdmin(WarehouseAdmin):
    """Rows that nobody edits, not even a superuser: they say what happened."""

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class StreamAdmin(ReadOnlyAdmin):
    """A table that grows by thousands of rows a day; it is sorted, filtered and searched by index only.

    `search_fields` are names of indexed columns with few distinct values.
    """

    paginator = StreamPaginator

    def get_sortable_by(self, request):
        return [str(name).lstrip("-") for name in self.ordering or ()]

    def get_search_results(self, request, queryset, search_term):
        if key := as_uuid(search_term):
            return queryset.filter(self.by_key(key)), False
        for word in search_term.split():
            queryset = queryset.filter(matching_names(self.model, self.search_fields, word))
        return queryset, False


def cascades(relation: models.ManyToOneRel) -> bool:
    """Whether the database deletes the rows that point to a deleted one (Django's models say DO_NOTHING)."""
    return any(
        isinstance(constraint, DatabaseForeignKey)
        and constraint.column == relation.field.column
        and constraint.on_delete == "CASCADE"
        for constraint in relation.related_model._meta.constraints
    )


def written(obj: models.Model, changed: list[str]) -> list[str]:
    """The columns to save; a row that tells when it was updated is told."""
    if changed and any(field.name == "updated_at" for field in obj._meta.concrete_fields):
        obj.updated_at = timezone.now()  # type: ignore[attr-defined]
        return [*changed, "updated_at"]
    return changed


def as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text.strip())
    except ValueError:
        return None


def indented(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def pretty(field: models.Field) -> Callable:
    """A read-only field that shows JSON indented."""

    @admin.display(description=field.verbose_name)
    def show(obj):
        value = getattr(obj, field.attname)
        return "-" if value is None else format_html('<pre class="json">{}</pre>', indented(value))

    show.__name__ = field.name
    return show


def excerpt(name: str, length: int = 80) -> Callable:
    """A column of the list with the beginning of a text, or of JSON."""

    @admin.display(description=name.replace("_", " "))
    def show(obj):
        value = getattr(obj, name)
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        return "-" if value is None else Truncator(text).chars(length)

    show.__name__ = name
    return show
