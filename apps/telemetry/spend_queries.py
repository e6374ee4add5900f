"""The questions that are put to LiteLLM's spend log. Its times are UTC without saying so."""

from datetime import datetime
from typing import Any

from psycopg.rows import DictRow

from apps.telemetry import spend_log

# As the contract names them: the last part of `openrouter/qwen/qwen3` is the model, its first the provider.
MODEL = "coalesce(nullif(model_group, ''), substring(model FROM '[^/]*$'))"
PROVIDER = "coalesce(nullif(custom_llm_provider, ''), nullif(substring(model FROM '^([^/]*)/'), ''), 'litellm')"
STATUS = "coalesce(nullif(metadata ->> 'status', ''), 'success')"
AGENT = ", ".join(
    f"nullif({place} ->> '{name}', '')"
    for place in ("metadata", "(metadata -> 'mcp_tool_call_metadata')")
    for name in ("agent_id", "agentId")
)
MOST_SESSIONS = 10_000
RECENT = (
    """(%(hours)s::int IS NULL OR "startTime" >= timezone('UTC', now()) - make_interval(hours => %(hours)s::int))"""
)
# Never with total_tokens: that is the sum of the two already.
MEASURES = """
    count(*) AS requests, coalesce(sum(prompt_tokens), 0) AS input, coalesce(sum(completion_tokens), 0) AS output,
    coalesce(sum(spend)::numeric, 0) AS cost"""
CHOSEN = f"""
    FROM "LiteLLM_SpendLogs" AS log
    WHERE {RECENT} AND (%(model)s::text = '' OR {MODEL} = %(model)s) AND (%(provider)s::text = '' OR {PROVIDER} = %(provider)s)
        AND lower({MODEL}) NOT IN ('test-model', 'test_model') AND lower({PROVIDER}) <> 'pytest'"""  # noqa: E501
NEWEST_FIRST = 'ORDER BY log."startTime" DESC, log.request_id DESC'  # the columns, where an output has their name

CALLS = f"""
    SELECT request_id AS id, {MODEL} AS model, {PROVIDER} AS provider, prompt_tokens AS input_tokens,
        completion_tokens AS output_tokens, prompt_tokens + completion_tokens AS total_tokens, spend AS cost_usd,
        NULL AS latency_ms, {STATUS} = 'success' AS success, nullif({STATUS}, 'success') AS error_message,
        nullif(session_id, '') AS session_id, "startTime" AT TIME ZONE 'UTC' AS created_at, 'litellm' AS source
    {CHOSEN} {NEWEST_FIRST} LIMIT %(limit)s OFFSET %(offset)s"""
TIMES = f"""
    SELECT moment AT TIME ZONE 'UTC' AS moment
    FROM (SELECT "startTime" AS moment, row_number() OVER ({NEWEST_FIRST}) AS rank {CHOSEN}) AS ranked
    WHERE rank <= %(depth)s AND rank %% %(step)s = 0 ORDER BY rank"""
COUNT = f"SELECT count(*) AS total {CHOSEN}"
BY_MODEL = f"""
    SELECT {MODEL} AS model, {PROVIDER} AS provider, {MEASURES},
        count(*) FILTER (WHERE {STATUS} = 'success') AS successes
    {CHOSEN} GROUP BY 1, 2 ORDER BY requests DESC, 1, 2"""
BY_SESSION = f"""
    SELECT nullif(session_id, '') AS session, coalesce({AGENT}) AS agent, {MEASURES}
    FROM "LiteLLM_SpendLogs" WHERE {RECENT} GROUP BY 1, 2 ORDER BY cost DESC, 1, 2 LIMIT {MOST_SESSIONS}"""
LOGS = f"""
    SELECT request_id, call_type, model, model_group, custom_llm_provider, prompt_tokens, completion_tokens,
        total_tokens, spend, "startTime" AT TIME ZONE 'UTC' AS "startTime", "endTime" AT TIME ZONE 'UTC' AS "endTime",
        coalesce(nullif(status, ''), {STATUS}) AS status, api_base, cache_hit, session_id
    FROM "LiteLLM_SpendLogs" AS log {NEWEST_FIRST} LIMIT %(limit)s OFFSET %(offset)s"""
TOTALS = f"""
    SELECT {MEASURES}, coalesce(sum(total_tokens), 0) AS total FROM "LiteLLM_SpendLogs" WHERE {RECENT}"""
COUNT_ALL = 'SELECT count(*) AS total FROM "LiteLLM_SpendLogs"'
NEWEST = """SELECT max("startTime") AT TIME ZONE 'UTC' AS newest FROM "LiteLLM_SpendLogs" """
OLDEST = """SELECT min("startTime") AT TIME ZONE 'UTC' AS oldest FROM "LiteLLM_SpendLogs" """


class Chosen:
    """The calls of a model and a provider (empty: of all) in the last `hours` (None: ever), without test suites'.

    All of it raises `spend_log.Away`.
    """

    def __init__(self, hours: int | None = None, model: str = "", provider: str = "") -> None:
        self.chosen: dict[str, Any] = {"hours": hours, "model": model, "provider": provider}

    def count(self) -> int:
        return spend_log.read_sums(COUNT, **self.chosen)[0]["total"]

    def rows(self, offset: int, limit: int) -> list[DictRow]:
        """Items of the model usage's list, the newest first."""
        return spend_log.read(CALLS, **self.chosen, offset=offset, limit=limit)

    def times(self, depth: int, step: int) -> list[datetime]:
        """When each `step`th of the newest `depth` calls was."""
        return [row["moment"] for row in spend_log.read(TIMES, **self.chosen, depth=depth, step=step)]

    def by_model(self) -> list[DictRow]:
        return spend_log.read_sums(BY_MODEL, **self.chosen)


def by_session(hours: int | None) -> list[DictRow]:
    """Sums by the session and the agent that the log names, either of which may be None; the costliest only."""
    return spend_log.read_sums(BY_SESSION, hours=hours)


def totals(hours: int | None = None) -> DictRow:
    return spend_log.read_sums(TOTALS, hours=hours)[0]


def logs(limit: int, offset: int) -> list[DictRow]:
    return spend_log.read(LOGS, limit=limit, offset=offset)


def count() -> int:
    return spend_log.read_sums(COUNT_ALL)[0]["total"]


def oldest() -> datetime | None:
    """When the log begins; None where it is empty."""
    return spend_log.read_sums(OLDEST)[0]["oldest"]


def newest() -> datetime | None:
    """Of the last call that was logged; None where there is none."""
    return spend_log.read_sums(NEWEST)[0]["newest"]
