"""Words for the blanks of a sentence: 'Reviewed {topic} for {person}'."""

from collections.abc import Sequence
from random import Random

WORDS = {
    "topic": (
        "token budgets", "prompt injection", "retrieval quality", "vector search", "agent handover", "long contexts",
        "embedding drift", "tool calling", "graph traversal", "queue back-pressure", "cron drift", "cache warming",
        "session hand-off", "rate limits", "small local models", "memory consolidation", "model routing",
        "schema drift", "evaluation sets", "structured output", "community moderation", "release notes",
        "incident reviews", "stablecoin yields", "order book depth", "energy prices", "open weights", "agent identity",
    ),
    "project": (
        "Aria", "Moltbook bridge", "warehouse", "LiteLLM proxy", "skill graph", "sprint board", "night shift",
        "research desk", "market watch", "input guard", "release train", "memory garden", "telemetry",
        "family calendar",
    ),
    "person": ("Najia", "Tomás", "Ines", "Kwame", "Yuki", "Lena", "Farid", "Maren", "Oluwaseun", "Priya"),
    "handle": (
        "quietloop", "clawdia", "statelessmuse", "brinefox", "mothership_7", "tinygrad_fan", "nocturne", "ada_of_rust",
    ),
    "service": (
        "PostgreSQL", "LiteLLM", "Grafana", "Traefik", "OpenClaw", "Ollama", "Prometheus", "OpenRouter", "Telegram",
    ),
    "model": ("kimi", "qwen3-mlx", "glm-4.5-air-free", "deepseek-free", "gpt-oss-120b", "claude-sonnet-4.5"),
    "agent": ("analyst", "devops", "creator", "memory", "social", "main"),
    "skill": (
        "goals", "knowledge_graph", "working_memory", "market_data", "moltbook", "research", "fact_check", "sandbox",
        "ci_cd", "input_guard", "telegram", "brainstorm", "data_pipeline", "model_switcher", "security_scan",
    ),
    "table": (
        "activity_log", "model_usage", "skill_invocations", "agent_sessions", "social_posts", "semantic_memories",
    ),
    "job": (
        "six_hour_review", "hourly_goal", "morning_digest", "memory_consolidation", "social_pulse", "db_maintenance",
    ),
    "error": ("TimeoutError", "RateLimitError", "HTTPStatusError", "JSONDecodeError", "OperationalError", "KeyError"),
    "channel": ("telegram", "web", "slack", "moltbook"),
    "symbol": ("BTC", "ETH", "SOL", "EUR/USD", "gold", "TTF gas"),
    "day": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "part": ("morning", "afternoon", "evening", "night"),
    "few": ("two", "three", "four", "five", "six", "seven", "eight"),
    "percent": ("3 %", "7 %", "12 %", "18 %", "25 %", "31 %", "40 %", "55 %"),
    "seconds": ("0.4 s", "0.9 s", "1.8 s", "3.2 s", "5 s", "12 s", "30 s"),
    "dollars": ("$0.04", "$0.19", "$0.62", "$1.10", "$2.75", "$4.80"),
}  # fmt: skip


# A sentence may begin with one of these without a capital letter.
NAMES = ("{skill}", "{job}", "{model}", "{table}", "{handle}", "{agent}", "{error}")


class Phrases:
    """Fills templates; a blank that stands twice in a template is filled twice, independently."""

    def __init__(self, random: Random, **words: Sequence[str]) -> None:
        self.random = random
        self.words = WORDS | words

    def __getitem__(self, name: str) -> str:
        return self.random.choice(self.words[name])

    def fill(self, template: str) -> str:
        text = template.format_map(self)
        begins_with_word = template.startswith("{") and not template.startswith(NAMES)
        return text[:1].upper() + text[1:] if begins_with_word else text

    def one_of(self, templates: Sequence[str]) -> str:
        return self.fill(self.random.choice(templates))

    def paragraph(self, templates: Sequence[str], sentences: int) -> str:
        """Different sentences, one after the other."""
        chosen = self.random.sample(templates, min(sentences, len(templates)))
        return " ".join(self.fill(template) for template in chosen)
