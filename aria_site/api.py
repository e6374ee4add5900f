"""The JSON API: its routers, and nothing else."""

from apps.core.api import AriaAPI, JSONRenderer, SessionAuth, TokenAuth, anyone
from apps.core.bodies import JSONParser

api = AriaAPI(
    title="Aria site",
    version="3.0.0",
    description="The agent's warehouse over JSON.",
    auth=[TokenAuth(), SessionAuth(), anyone],
    parser=JSONParser(),
    renderer=JSONRenderer(),
)
api.answer_errors()
api.add_router("", "apps.warehouse.api.router")
api.add_router("/goals", "apps.goals.api.router")
api.add_router("/hourly-goals", "apps.goals.api.hourly_router")
api.add_router("", "apps.knowledge.api.router")
