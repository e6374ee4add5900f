from django.db.models import Case, IntegerField, Value, When


def closeness(field: str, text: str) -> Case:
    """To order by: the very text first, then what begins with it, then what holds it, then all else."""
    ways = ("iexact", "istartswith", "icontains")
    steps = [When(**{f"{field}__{way}": text}, then=Value(step)) for step, way in enumerate(ways)]
    return Case(*steps, default=Value(len(ways)), output_field=IntegerField())
