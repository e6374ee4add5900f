"""What skills report of calls through the LiteLLM proxy, which its own spend log has as well.

Such a report names the provider `litellm`. It counts as a skill's own call only from before the log begins
(the proxy may forget old calls), so that no cost counts twice and none is lost.
"""

from datetime import datetime
from typing import Any

from django.db.models import Q

PROVIDER = "litellm"


def proxied(oldest: datetime) -> Q:
    """Of a log whose `oldest` call was then."""
    return Q(provider=PROVIDER, created_at__gte=oldest)


def notice_of(away: Exception) -> dict[str, Any]:
    """What an answer says when it has to do without the log."""
    return {"notice": f"Without LiteLLM's spend log: {away}"}
