"""The agent's skills: layer, category, focus modes, tools, and how fast and reliable each is."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, product

from apps.warehouse.demo.connectors import PURPOSES, SERVICES, VERBS


@dataclass(frozen=True)
class Skill:
    name: str
    layer: str
    category: str
    tools: tuple[str, ...]
    description: str
    median_ms: int = 220
    error_rate: float = 0.015
    error_types: tuple[str, ...] = ("TimeoutError", "ConnectionError", "ValueError", "KeyError", "HTTPStatusError")
    thinks: bool = False  # whether its tools call a language model
    focus: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()

    @property
    def canonical_name(self) -> str:
        return self.name.replace("_", "-")

    @property
    def manifest_name(self) -> str:
        return f"aria-{self.canonical_name}"


def skill(name: str, layer: str, category: str, tools: str, description: str, **more: object) -> Skill:
    return Skill(name, layer, category, tuple(tools.split()), description, **more)  # type: ignore[arg-type]


# The first 35 are a real installation's. market_data fails all the time, moltbook since the day before
# yesterday, ollama times out; research, fact_check and moonshot are slow.
SKILLS = (
    skill("api_client", "L1", "utility", "get post patch delete list_pages health retry_outbox",
          "Reaches the data API for every other skill", median_ms=45, error_rate=0.01),
    skill("database", "L1", "data", "run_query explain slow_queries table_sizes vacuum_status index_usage",
          "Read-only questions to the warehouse", median_ms=60),
    skill("health", "L1", "utility", "check_all check_service disk_usage memory_usage uptime report",
          "Looks after services and host", median_ms=350),
    skill("input_guard", "L1", "devsecops", "scan_text scan_url redact_secrets list_patterns report_event",
          "Finds prompt injections before anybody reads them", median_ms=12, error_rate=0.003),
    skill("litellm", "L1", "cognitive", "complete embed list_models spend_today proxy_health",
          "The model proxy", median_ms=1_900, error_rate=0.03,
          error_types=("TimeoutError", "RateLimitError", "HTTPStatusError"), thinks=True),
    skill("llm", "L1", "cognitive", "ask summarise translate classify extract_json rewrite",
          "One prompt, one answer", median_ms=2_400, error_rate=0.02, thinks=True, needs=("litellm",)),
    skill("ollama", "L1", "cognitive", "generate embed_local pull_model list_local unload",
          "Models on the own machine", median_ms=4_200, error_rate=0.14,
          error_types=("TimeoutError", "TimeoutError", "ConnectionError"), thinks=True),
    skill("working_memory", "L1", "cognitive", "remember recall context checkpoint restore forget",
          "What the agent has in mind just now", median_ms=28, needs=("api_client",)),
    skill("agent_manager", "L2", "orchestration", "spawn list_agents get_status stop delegate prune",
          "Starts and stops sub-agents", median_ms=180, focus=("orchestrator",), needs=("session_manager",)),
    skill("ci_cd", "L2", "devsecops", "run_pipeline pipeline_status deploy rollback release_notes",
          "Builds and deploys", median_ms=2_600, error_rate=0.05, focus=("devsecops",)),
    skill("data_pipeline", "L2", "data", "ingest transform validate load schedule_run run_history",
          "Moves data from there to here", median_ms=1_400, error_rate=0.03,
          error_types=("ValueError", "KeyError", "JSONDecodeError"), focus=("data",), needs=("database",)),
    skill("fact_check", "L2", "data", "check_claim find_sources score_source compare verdict",
          "Is it true, and who says so?", median_ms=6_100, error_rate=0.03, thinks=True,
          focus=("journalist",), needs=("llm",)),
    skill("goals", "L2", "orchestration", "create_goal list_goals update_goal move_goal complete_goal "
          "sprint_summary archive_search", "The board", median_ms=65, focus=("orchestrator",), needs=("api_client",)),
    skill("hourly_goals", "L2", "orchestration", "plan_day set_slot carry_over get_current complete_slot",
          "One intention an hour", median_ms=55, needs=("goals",)),
    skill("knowledge_graph", "L2", "data", "add_entity relate search traverse neighbours merge",
          "People, tools and concepts, and how they hang together", median_ms=95, focus=("data", "journalist"),
          needs=("api_client",)),
    skill("market_data", "L2", "trading",
          "get_price get_history get_order_book funding_rates watch_symbol list_symbols",
          "Prices from three exchanges", median_ms=640, error_rate=0.34,
          error_types=("HTTPStatusError", "HTTPStatusError", "RateLimitError", "JSONDecodeError"), focus=("trader",)),
    skill("model_switcher", "L2", "cognitive", "current switch rank_models explain_choice fallback_chain",
          "Chooses the cheapest model that will do", median_ms=35, needs=("litellm",)),
    skill("moonshot", "L2", "cognitive", "chat long_context count_tokens balance upload_file",
          "Long contexts on Kimi", median_ms=7_800, error_rate=0.03, thinks=True,
          error_types=("TimeoutError", "RateLimitError")),
    skill("performance", "L2", "orchestration", "log_review agent_scores weekly_report compare_periods",
          "How well did it go?", median_ms=120, focus=("orchestrator",)),
    skill("pipeline_skill", "L2", "orchestration", "define run step_result resume list_runs",
          "Several skills in a row", median_ms=800, needs=("agent_manager",)),
    skill("pipelines", "L2", "orchestration", "six_hour_review morning_digest memory_consolidation health_sweep",
          "The recipes that run every day", median_ms=3_200, error_rate=0.02, thinks=True, needs=("pipeline_skill",)),
    skill("pytest_runner", "L2", "devsecops", "run_tests run_file last_failures coverage_report",
          "Tests the agent's own skills", median_ms=9_500, error_rate=0.06, focus=("devsecops",),
          error_types=("AssertionError", "TimeoutError"), needs=("sandbox",)),
    skill("sandbox", "L2", "devsecops", "execute write_file read_file list_files reset install_package",
          "A container to break things in", median_ms=1_100, error_rate=0.07, focus=("devsecops",),
          error_types=("TimeoutError", "ValueError", "MemoryError")),
    skill("schedule", "L2", "orchestration", "list_jobs next_runs enable disable run_now missed_runs sync",
          "The cron of the agent", median_ms=70),
    skill("security_scan", "L2", "devsecops", "scan_dependencies scan_ports scan_secrets audit_headers report_findings",
          "Looks for holes in what runs", median_ms=4_400, error_rate=0.02, focus=("devsecops",),
          needs=("input_guard",)),
    skill("session_manager", "L2", "orchestration", "list_sessions get_session close_stale summarise_session sync_live",
          "Opens, closes and sums up sessions", median_ms=85, needs=("api_client",)),
    skill("telegram", "L2", "social", "send_message get_updates send_photo edit_message pin_message answer_callback",
          "Talks to the owner", median_ms=310, error_rate=0.02, focus=("social",)),
    skill("brainstorm", "L3", "creative", "start_session add_idea connect_ideas evaluate summarise_session_ideas",
          "From a topic to ten ideas", median_ms=3_100, thinks=True, focus=("creative",), needs=("llm",)),
    skill("community", "L3", "social", "find_members track_member engagement_report celebrate list_campaigns",
          "Keeps up with the people around", median_ms=260, focus=("social",)),
    skill("experiment", "L3", "creative", "design log_run evaluate_run compare_runs conclude promote",
          "Hypotheses, runs and verdicts", median_ms=420, focus=("creative", "data")),
    skill("memeothy", "L3", "creative", "compose prophecy gallery canon_status offer",
          "Humour with a doctrine", median_ms=2_700, error_rate=0.02, thinks=True, focus=("creative",),
          needs=("moltbook",)),
    skill("moltbook", "L3", "social",
          "create_post get_feed comment upvote get_post_comments follow search_posts dm_send",
          "The social network of agents", median_ms=720, error_rate=0.03,
          error_types=("AuthenticationError", "AuthenticationError", "RateLimitError"), focus=("social",)),
    skill("portfolio", "L3", "trading", "positions trade_history add_position pnl rebalance_plan risk_report exposure",
          "What is held, and what it is worth", median_ms=190, focus=("trader",), needs=("market_data",)),
    skill("research", "L3", "data", "start_project add_source read_source form_thesis synthesise cite",
          "From a question to a thesis with sources", median_ms=8_300, error_rate=0.04, thinks=True,
          focus=("journalist", "data"), needs=("fact_check", "llm")),
    skill("social", "L3", "social", "draft_post schedule_post cross_post reply thread_summary queue_status",
          "One voice on all platforms", median_ms=480, focus=("social",), needs=("moltbook", "telegram")),
)  # fmt: skip

BY_NAME = {known.name: known for known in SKILLS}


def all_skills() -> Iterator[Skill]:
    """Larger warehouses know more skills: connectors to all kinds of services."""
    yield from SKILLS
    for number in range(1, 100):
        for purpose, service in product(PURPOSES, SERVICES):
            yield connector(f"{service}_{purpose}" + (f"_{number}" if number > 1 else ""), purpose)


def connector(name: str, purpose: str) -> Skill:
    first = len(name) % 4
    return Skill(
        name,
        "L3",
        "utility" if purpose in ("health", "quota", "limits") else "data",
        tuple(f"{name}_{verb}" for verb in VERBS[first : first + 6]),
        f"{purpose.capitalize()} for {name.split('_')[0].capitalize()}",
        needs=("api_client",),
    )


def first_skills(count: int) -> list[Skill]:
    return list(islice(all_skills(), count))
