"""The agents, the models that they call, and the kinds of session that they run."""

from dataclasses import dataclass

# How often each agent is at work, and the skills that it prefers
AGENTS = {
    "main": (40, "goals market_data schedule health agent_manager api_client pipelines working_memory litellm"),
    "aria": (22, "goals working_memory knowledge_graph llm telegram brainstorm social hourly_goals"),
    "analyst": (12, "market_data portfolio database data_pipeline knowledge_graph research performance"),
    "devops": (10, "ci_cd health security_scan sandbox pytest_runner database input_guard"),
    "creator": (8, "brainstorm memeothy experiment llm social research moonshot"),
    "memory": (5, "working_memory knowledge_graph api_client session_manager ollama llm"),
    "social": (5, "moltbook social telegram community fact_check input_guard"),
}


@dataclass(frozen=True)
class LanguageModel:
    name: str
    provider: str
    weight: int
    dollars_in: float  # a million tokens
    dollars_out: float
    median_ms: int
    context: int = 131_072
    error_rate: float = 0.02


MODELS = (
    LanguageModel("kimi", "moonshot", 20, 0.6, 2.5, 3_900, 262_144),
    LanguageModel("qwen3-mlx", "mlx", 22, 0, 0, 5_200, 32_768, 0.012),
    LanguageModel("glm-4.5-air-free", "openrouter", 16, 0, 0, 3_300),
    LanguageModel("deepseek-free", "openrouter", 12, 0, 0, 4_600, error_rate=0.06),
    LanguageModel("gpt-oss-120b", "openrouter", 11, 0.09, 0.45, 2_100),
    LanguageModel("qwen3-next-free", "openrouter", 8, 0, 0, 2_900, error_rate=0.05),
    LanguageModel("trinity-free", "openrouter", 4, 0, 0, 2_600, error_rate=0.08),
    LanguageModel("claude-sonnet-4.5", "anthropic", 5, 3, 15, 6_400, 200_000, 0.008),
    LanguageModel("nomic-embed-text", "ollama", 2, 0, 0, 140, 8_192, 0.005),
)
CALL_ERRORS = (
    "429 Too Many Requests: free-models-per-minute limit reached, retry in 38 s",
    "upstream timeout after 120 s",
    "context length exceeded: 137402 tokens requested, 131072 allowed",
    "502 Bad Gateway from provider",
    "stream ended before the first token",
)
OUTAGE_ERROR = "503 Service Unavailable: no healthy upstream for this model"


@dataclass(frozen=True)
class Kind:
    """A kind of session: how often, by whom, and how many steps of each sort."""

    session_type: str
    weight: float
    agents: str
    channels: str
    calls: float
    tools: float
    notes: float
    pause: float  # median seconds between two steps


KINDS = (
    Kind("skill_exec", 48.0, "", "", 0, 1, 0.35, 0.05),
    Kind("openclaw_cron", 20.0, "main main main aria memory devops", "cron", 0.8, 2.0, 1.0, 1.5),
    Kind("openclaw_heartbeat", 9.0, "main aria", "heartbeat", 0.15, 0.5, 1.0, 0.8),
    Kind(
        "openclaw_subagent", 8.0, "analyst devops creator analyst memory social", "telegram web cron", 2.0, 4.0, 1.0, 4
    ),
    Kind("interactive", 6.0, "aria aria aria main creator", "web web slack", 2.6, 4.0, 1.3, 45),
    Kind("openclaw_main", 6.0, "main aria main social", "telegram telegram web slack", 2.2, 4.5, 1.3, 25),
    Kind("openclaw_run", 2.0, "main devops", "cron web", 0.8, 3.0, 0.5, 3),
    Kind("openclaw", 1.0, "main", "telegram web", 1.0, 1.0, 0.5, 10),
)
