"""The JSON API: its routers, and nothing else."""

from apps.core.api import AriaAPI, JSONRenderer, SessionAuth, TokenAuth, anyone
from apps.core.bodies import JSONParser
from apps.core.retries import once
from aria_site.api_description import DESCRIPTION, TAGS

api = AriaAPI(
    title="Aria site",
    version="3.0.0",
    description=DESCRIPTION,
    servers=[{"url": "/api"}],
    openapi_extra={"tags": [{"name": name, "description": sentence} for name, sentence in TAGS.items()]},
    auth=[TokenAuth(), SessionAuth(), anyone],
    parser=JSONParser(),
    renderer=JSONRenderer(),
)
api.answer_errors()
api.add_decorator(once)
api.add_router("", "apps.warehouse.api.router")
api.add_router("", "apps.operations.api_services.router")
api.add_router("/activities", "apps.warehouse.api_activities.router")
api.add_router("/thoughts", "apps.memory.api.thoughts.router")
api.add_router("/memories", "apps.warehouse.api_summaries.router")
api.add_router("/memories", "apps.memory.api.memories.router")
api.add_router("/goals", "apps.goals.api.router")
api.add_router("/hourly-goals", "apps.goals.api.hourly_router")
api.add_router("/sessions", "apps.telemetry.api.openclaw.router")
api.add_router("/sessions", "apps.telemetry.api.sessions.router")
api.add_router("/model-usage", "apps.telemetry.api.usage.router")
api.add_router("/budgets", "apps.telemetry.budgets.api.router")
api.add_router("/budget", "apps.telemetry.budgets.api.check_router")
api.add_router("/litellm", "apps.telemetry.api.litellm.router")
api.add_router("/providers", "apps.operations.api_models.provider_router")
api.add_router("/models", "apps.operations.api_models.model_router")
api.add_router("/skills", "apps.telemetry.api.skills.router")
api.add_router("/skills", "apps.warehouse.api_insights.router")
api.add_router("/skills", "apps.skillset.api.router")
api.add_router("/security-events", "apps.security.api.router")
api.add_router("", "apps.knowledge.api.router")
api.add_router("/social", "apps.social.api.router")
api.add_router("/working-memory", "apps.memory.api.working.router")
api.add_router("/lessons", "apps.improvement.api.lesson_router")
api.add_router("/proposals", "apps.improvement.api.proposal_router")
api.add_router("/rate-limits", "apps.security.api.rate_router")
api.add_router("/api-key-rotations", "apps.security.api.rotation_router")
api.add_router("/heartbeat", "apps.operations.api.heartbeat_router")
api.add_router("/tasks", "apps.operations.api.task_router")
api.add_router("/schedule", "apps.operations.api.schedule_router")
api.add_router("/jobs", "apps.operations.api.job_router")
api.add_router("/telemetry", "apps.warehouse.api_batch.router")
api.add_router("", "apps.operations.api_admin.router")
api.add_router("", "apps.warehouse.api_data.router")
api.add_router("/performance", "apps.improvement.api.performance_router")
api.add_router("", "apps.core.api_metrics.router")
