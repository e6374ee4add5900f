"""The steps inside and outside of sessions: model calls, skill invocations, notes in the activity log.

Each method writes one finished COPY line and says when the step was over; a step that would end after
the end of the world, or for which the table has no row left, is not written. This is where millions of
rows are made, so chances are drawn from pools that are filled once.
"""

from collections import Counter
from typing import Any

from apps.warehouse.demo import clock
from apps.warehouse.demo.activities import CRON_JOBS, JOB_ERRORS, MESSAGES, NOTES, SKILL_OF, message_pool
from apps.warehouse.demo.agents import AGENTS, CALL_ERRORS, MODELS, OUTAGE_ERROR, LanguageModel
from apps.warehouse.demo.copying import escape
from apps.warehouse.demo.skills import BY_NAME, Skill, first_skills
from apps.warehouse.demo.world import World

COLUMNS = {
    "agent_sessions": "id, agent_id, session_type, started_at, ended_at, messages_count, tokens_used, cost_usd, "
    "status, metadata",
    "model_usage": "id, model, provider, input_tokens, output_tokens, cost_usd, latency_ms, success, error_message, "
    "session_id, created_at",
    "skill_invocations": "id, skill_name, tool_name, duration_ms, success, error_type, tokens_used, model_used, "
    "created_at",
    "activity_log": "id, action, skill, details, success, error_message, created_at",
}
NULL = "\\N"
POOL = 4_096
MILLISECOND = 1_000
SLOWEST_MS = 60_000


class Steps:
    def __init__(self, world: World) -> None:
        self.random = world.random("telemetry")
        self.chance = self.random.random
        self.lines: dict[str, list[str]] = {table: [] for table in COLUMNS}
        self.left = {table: world.counts[table] for table in COLUMNS}
        self.until = clock.micros(world.until)
        self.outages = [(clock.micros(start), clock.micros(end)) for start, end in world.rhythm.outages]
        self.moltbook_broke = clock.micros(world.ago(hours=52))
        self.uses: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        self.last_use: dict[str, int] = {}
        self.fill_pools(world)

    def fill_pools(self, world: World) -> None:
        draw = self.random
        self.spread = [draw.lognormvariate(0, 0.65) for _ in range(POOL)]
        self.prompts = [int(draw.lognormvariate(8.5, 0.9)) for _ in range(POOL)]
        self.answers = [int(draw.lognormvariate(5.4, 0.9)) for _ in range(POOL)]
        self.models = [model for model in MODELS for _ in range(model.weight)]
        self.skills = {agent: self.skills_of(favourites, world) for agent, (_, favourites) in AGENTS.items()}
        self.messages = {action: message_pool(action, draw) for action in MESSAGES}
        self.notes = {session_type: actions.split() for session_type, actions in NOTES.items()}

    def skills_of(self, favourites: str, world: World) -> list[Skill]:
        """What an agent uses: mostly its favourites, then the known skills, the latter ones less and less."""
        known = first_skills(world.counts["skill_status"])
        others = [known[int(len(known) * self.chance() ** 2.5)] for _ in range(160)]
        return [BY_NAME[name] for name in favourites.split() for _ in range(36)] + others + list(known[:35]) * 3

    def pick(self, pool: Any) -> Any:
        return pool[int(self.chance() * len(pool))]

    def new_id(self) -> str:
        digits = f"{self.random.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"

    def in_outage(self, moment: int) -> bool:
        return any(start <= moment < end for start, end in self.outages)

    def add(self, table: str, line: str) -> None:
        self.lines[table].append(line)
        self.left[table] -= 1

    def call(self, start: int, session: str, model: LanguageModel, context: int) -> tuple[int, int, int]:
        """One model call; its end, tokens and microdollars."""
        latency = min(int(model.median_ms * self.pick(self.spread)), 120_000)
        end = start + latency * MILLISECOND
        if end > self.until or not self.left["model_usage"]:
            return end, 0, 0
        error = self.call_error(start, model)
        tokens_in = min(self.pick(self.prompts) + context, model.context)
        tokens_out = 0 if error else self.pick(self.answers)
        # Dollars a million tokens are microdollars a token.
        cost = 0 if error else int(tokens_in * model.dollars_in + tokens_out * model.dollars_out)
        self.add(
            "model_usage",
            f"{self.new_id()}\t{model.name}\t{model.provider}\t{tokens_in}\t{tokens_out}\t{cost / 1e6:.6f}\t{latency}\t"
            f"{'f' if error else 't'}\t{error or NULL}\t{session}\t{clock.text(end)}\n",
        )
        return end, tokens_in + tokens_out, cost

    def call_error(self, moment: int, model: LanguageModel) -> str:
        if model.provider == "openrouter" and self.in_outage(moment) and self.chance() < 0.6:
            return OUTAGE_ERROR
        return self.pick(CALL_ERRORS) if self.chance() < model.error_rate else ""

    def invocation(self, start: int, skill: Skill, tool: str) -> tuple[int, str]:
        """One call of a tool; its end and its error."""
        error = self.pick(skill.error_types) if self.chance() < self.error_rate(skill, start) else ""
        duration = SLOWEST_MS // 2 if error == "TimeoutError" else skill.median_ms
        duration = min(int(duration * self.pick(self.spread)) + 1, SLOWEST_MS)
        end = start + duration * MILLISECOND
        if end > self.until or not self.left["skill_invocations"]:
            return end, error
        thought = skill.thinks and not error
        self.add(
            "skill_invocations",
            f"{self.new_id()}\t{skill.name}\t{tool}\t{duration}\t{'f' if error else 't'}\t{error or NULL}\t"
            f"{self.pick(self.answers) * 3 if thought else NULL}\t{self.pick(self.models).name if thought else NULL}\t"
            f"{clock.text(end)}\n",
        )
        self.tally(skill.name, end, error)
        return end, error

    def error_rate(self, skill: Skill, moment: int) -> float:
        if skill.name == "moltbook" and moment > self.moltbook_broke:
            return 0.7  # its key has been revoked
        return skill.error_rate

    def tally(self, skill: str, moment: int, error: str) -> None:
        """For the registry, which must agree with the invocations."""
        self.uses[skill] += 1
        self.failures[skill] += bool(error)
        self.last_use[skill] = max(moment, self.last_use.get(skill, 0))

    def note(self, moment: int, action: str, skill: str, more: str, error: str = "") -> None:
        """One line of the activity log; `more` is the rest of its details, as JSON."""
        if moment > self.until or not self.left["activity_log"]:
            return
        self.add(
            "activity_log",
            f"{self.new_id()}\t{action}\t{skill or NULL}\t"
            f'{{"message": {self.pick(self.messages[action])}{more}}}\t'
            f"{'f' if error else 't'}\t{escape(error) if error else NULL}\t{clock.text(moment)}\n",
        )

    def note_of(self, moment: int, session_type: str, more: str) -> None:
        """What a session of this type ('' for none) would write down."""
        action = self.pick(self.notes[session_type])
        error = self.pick(JOB_ERRORS) if self.chance() < 0.035 else ""
        self.note(moment, action, SKILL_OF.get(action, ""), self.facts(action) + more, error)

    def facts(self, action: str) -> str:
        if action == "cron_execution":
            return f', "job": "{self.pick(CRON_JOBS)}", "estimated_tokens": {self.pick(self.answers) * 4}'
        if action == "heartbeat":
            return ', "status": "healthy", "soul": true'
        if action == "git_commit":
            return f', "sha": "{self.random.getrandbits(48):012x}"'
        return ""
