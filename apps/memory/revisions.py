from django.db.models import CharField, Func


class Revision(Func):
    """What a row's named columns say, in 32 letters: who saves sends back what they saw, and another one is a conflict.

    No time of a change, because not every writer of the warehouse moves `updated_at`, and not every table has it.
    """

    template, output_field = "md5(jsonb_build_array(%(expressions)s)::text)", CharField()


class Indented(Func):
    """JSON for people, with every digit as it is stored."""

    function, output_field = "jsonb_pretty", CharField()
