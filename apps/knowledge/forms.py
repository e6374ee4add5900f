import json
from typing import Any

from django import forms
from django.db.models import Model
from django.utils.safestring import SafeString

from apps.core.bodies import UnreadableBody, storable_json
from apps.knowledge.browser.node_page import as_json
from apps.knowledge.models import KnowledgeEntity, KnowledgeRelation

NAME, TYPE = 500, 100  # characters, as the API has it
MOST_PROPERTIES = 200_000


class PropertiesField(forms.CharField):
    """A JSON object as text; nothing is an empty one."""

    widget = forms.Textarea(attrs={"rows": 8, "class": "mono", "spellcheck": "false"})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, max_length=MOST_PROPERTIES, help_text="a JSON object", **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else as_json({} if value is None else value)

    def to_python(self, value: Any) -> Any:
        text = str(super().to_python(value) or "{}")
        try:
            storable_json(text.encode())
            properties = json.loads(text)  # which keeps whole numbers of any size
            json.dumps(properties, allow_nan=False)
        except (UnreadableBody, UnicodeEncodeError, ValueError) as error:
            raise forms.ValidationError(f"This is no JSON that can be stored: {error}") from error
        return properties

    def has_changed(self, initial: Any, data: Any) -> bool:
        """To Python true is the same as 1."""
        try:
            return as_json(initial) != as_json(self.to_python(data))
        except forms.ValidationError:
            return True

    def run_validators(self, value: Any) -> None:
        super().run_validators(as_json(value))
        if not isinstance(value, dict):
            raise forms.ValidationError("Properties are an object: { ... }.")


class SeenForm(forms.ModelForm):
    """The page carries what the person saw of each field, so that it is known what they and others have changed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            for name in self._meta.fields or ():
                self.fields[name].show_hidden_initial = True

    def changes(self) -> dict[str, Any]:
        """What the person has changed, so that an untouched field never overwrites somebody else's."""
        return {name: self.cleaned_data[name] for name in self.changed_data}

    def seen(self) -> dict[str, Any]:
        """What the fields were that the person has changed."""
        return {name: self.was(name) for name in self.changed_data}

    def was(self, name: str) -> Any:
        try:
            return self.fields[name].to_python(self.data.get(self[name].html_initial_name))
        except forms.ValidationError:
            return None  # the page never said so: it fits nothing that may be there

    def versions(self, current: Model) -> list[tuple[Any, Any, Any]]:
        """(label, the person's, what is there now) of what the person has changed."""
        now = type(self)(instance=current)
        return [(now[name].label, self[name].value(), now[name].value()) for name in self.changed_data]

    def repeated(self, current: Model) -> list[SafeString]:
        """What was sent as hidden fields, to be sent once more by a person who has seen what is there now."""
        now = type(self)(instance=current)
        hidden = []
        for name in self._meta.fields or ():
            field = self[name] if name in self.changed_data else now[name]
            hidden += [field.as_hidden(), now[name].as_hidden(only_initial=True)]
        return hidden


class EntityForm(SeenForm):
    name = forms.CharField(max_length=NAME, strip=False)
    type = forms.CharField(max_length=TYPE, strip=False, widget=forms.TextInput(attrs={"list": "types"}))
    properties = PropertiesField()

    class Meta:
        model = KnowledgeEntity
        fields = ("name", "type", "properties")


class RelationForm(SeenForm):
    relation_type = forms.CharField(
        label="Relation", max_length=TYPE, strip=False, widget=forms.TextInput(attrs={"list": "relation-types"})
    )
    properties = PropertiesField()

    class Meta:
        model = KnowledgeRelation
        fields = ("relation_type", "properties")


class NewRelationForm(RelationForm):
    """From a node's page: to `other` or from it, which is an entity's name or id."""

    direction = forms.ChoiceField(choices=[("outgoing", "From it"), ("incoming", "To it")])
    other = forms.CharField(label="Other entity", max_length=NAME, help_text="its name or id")
    field_order = ("direction", "relation_type", "other", "properties")
