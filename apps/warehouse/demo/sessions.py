"""The telemetry stream: sessions in the order of their start, with everything that happened in them.

A session's end is not drawn but reached: it follows from its steps, one after the other, so that they
all lie inside its span. What the sessions leave of a table's rows happens outside of sessions.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from apps.warehouse.demo import clock
from apps.warehouse.demo.agents import AGENTS, KINDS, Kind, LanguageModel
from apps.warehouse.demo.copying import escape
from apps.warehouse.demo.phrases import Phrases
from apps.warehouse.demo.steps import NULL, Steps
from apps.warehouse.demo.world import World

CHUNK = 4_000
# So many sessions start in the last hour, so that the first look finds the agent at work at any hour.
RIGHT_NOW = 12
LONG = 90 * clock.SECOND
SPAWNED = 0.6  # of the sub-agents: by the last long session, inside of which they start
STUCK = 0.002  # of the conversations: nobody ever closed them
LABELS = (
    "Plan {project} for the week", "Answer {person} on {topic}", "Review of {skill}", "Research: {topic}",
    "Find out why {skill} fails", "Draft a post on {topic}", "Clean up {table}", "{symbol} since {day}",
    "Pair with {person} on {project}", "Compare {model} and {model}", "Merge notes on {topic}", "Security sweep",
)  # fmt: skip
# So many rows of each table are kept back for the last sessions, which are long ones.
RESERVE = 60
POOL = 2_048


@dataclass
class Session:
    """One session on its way through time; `now` is how far it has come."""

    id: str
    kind: Kind
    agent: str
    channel: str
    label: str
    model: LanguageModel
    start: int
    now: int
    tokens: int = 0
    cost: int = 0
    messages: int = 0
    failed: bool = False
    parent: "Session | None" = None

    @property
    def key(self) -> str:
        sort = self.kind.session_type.removeprefix("openclaw_")
        return f"agent:{self.agent}:{sort}:{self.id[:8]}"


class Telemetry:
    def __init__(self, world: World) -> None:
        self.world = world
        self.steps = Steps(world)
        self.random = self.steps.random
        self.pick, self.chance = self.steps.pick, self.steps.chance
        self.totals = dict(self.steps.left)
        self.last_long: Session | None = None
        self.fill_pools()

    def fill_pools(self) -> None:
        phrases = Phrases(self.random)
        self.labels = [escape(json.dumps(phrases.one_of(LABELS), ensure_ascii=False)) for _ in range(800)]
        self.kinds = self.random.choices(KINDS, [kind.weight for kind in KINDS], k=POOL)
        self.agents = self.random.choices(list(AGENTS), [weight for weight, _ in AGENTS.values()], k=POOL)
        self.pauses = [self.random.lognormvariate(0, 0.9) for _ in range(POOL)]
        # Skewed, with a mean of one: most sessions have few steps, some have a great many.
        self.lengths = [self.random.lognormvariate(-0.32, 0.8) for _ in range(POOL)]
        self.agents_of = {kind.session_type: kind.agents.split() for kind in KINDS}
        self.channels_of = {kind.session_type: kind.channels.split() for kind in KINDS}

    def chunks(self) -> Iterator[dict[str, list[str]]]:
        """Lines of the four tables, some thousand sessions at a time; use them before asking for more."""
        count = self.totals["agent_sessions"]
        for number in range(count):
            moment = self.start_of(number, count)
            self.run(number, count, moment)
            self.work_outside(number + 1, count, moment)
            if number % CHUNK == CHUNK - 1 or number == count - 1:
                yield self.steps.lines
                for lines in self.steps.lines.values():
                    lines.clear()

    def start_of(self, number: int, count: int) -> int:
        late = number - (count - RIGHT_NOW)
        if late >= 0:
            return self.steps.until - int((RIGHT_NOW - late - self.chance()) * 3_600 * clock.SECOND / RIGHT_NOW)
        return clock.micros(self.world.rhythm.at((number + self.chance()) / count))

    def run(self, number: int, count: int, moment: int) -> None:
        kind = self.pick(self.kinds)
        if number >= count - RIGHT_NOW // 3:
            kind = KINDS[4 + number % 2]  # people are talking to it just now
        if kind.session_type == "skill_exec":
            self.execute_skill(moment)
        else:
            self.converse(kind, moment, is_latest=number >= count - RIGHT_NOW // 3)

    def execute_skill(self, moment: int) -> None:
        """A session of the skill runner: one call of one tool."""
        steps, agent = self.steps, self.pick(self.agents)
        identity, skill = steps.new_id(), self.pick(steps.skills[agent])
        tool = self.pick(skill.tools)
        end, error = steps.invocation(moment, skill, tool)
        milliseconds = (end - moment) // 1_000
        if self.chance() < KINDS[0].notes:
            facts = f', "function": "{tool}", "duration_ms": {milliseconds}'
            facts += f', "session_id": "{identity}", "agent_id": "{agent}"'
            steps.note(end, "skill_used", skill.name, facts, error)
        running = end > steps.until
        steps.add(
            "agent_sessions",
            f"{identity}\t{agent}\tskill_exec\t{clock.text(moment)}\t{NULL if running else clock.text(end)}\t1\t0\t0\t"
            f"{'active' if running else 'error' if error else 'completed'}\t"
            f'{{"source": "skill_runner", "skill": "{skill.name}", "function": "{tool}", '
            f'"success": {"false" if error else "true"}, "duration_ms": {milliseconds}}}\n',
        )

    def converse(self, kind: Kind, moment: int, is_latest: bool) -> None:
        parent = None
        if kind.session_type == "openclaw_subagent" and self.last_long and self.chance() < SPAWNED:
            parent = self.last_long
            moment = parent.start + int(self.chance() * (min(parent.now, self.steps.until) - parent.start))
        session = self.open(kind, moment, parent)
        self.walk(session)
        session.now += self.pause(session)
        if is_latest:
            session.now = max(session.now, self.steps.until + 1)
        self.write(session)
        if session.now - session.start > LONG and kind.session_type != "openclaw_subagent":
            self.last_long = session

    def open(self, kind: Kind, moment: int, parent: Session | None) -> Session:
        return Session(
            id=self.steps.new_id(),
            kind=kind,
            agent=self.pick(self.agents_of[kind.session_type]),
            channel=self.pick(self.channels_of[kind.session_type]),
            label=self.pick(self.labels),
            model=self.pick(self.steps.models),
            start=moment,
            now=moment + 50_000,
            parent=parent,
        )

    def walk(self, session: Session) -> None:
        """Calls with the tools that they asked for, the notes at the end."""
        length = self.pick(self.lengths)
        calls = self.whole(session.kind.calls * length)
        tools = self.whole(session.kind.tools * length)
        for number in range(max(calls, 1)):
            if number < calls:
                self.call(session, number)
            for _ in range(tools * number // max(calls, 1), tools * (number + 1) // max(calls, 1)):
                self.invoke(session)
        origin = f', "session_id": "{session.id}", "agent_id": "{session.agent}"'
        for _ in range(self.whole(session.kind.notes)):
            self.steps.note_of(session.now, session.kind.session_type, origin)
            session.now += self.pause(session) // 8

    def whole(self, mean: float) -> int:
        """A whole number, `mean` on average."""
        return int(mean + self.chance())

    def pause(self, session: Session) -> int:
        return int(session.kind.pause * self.pick(self.pauses) * clock.SECOND)

    def call(self, session: Session, number: int) -> None:
        session.messages += 2
        context = min(number * 900, 60_000)  # a conversation drags its past along
        session.now, tokens, cost = self.steps.call(session.now, session.id, session.model, context)
        session.tokens += tokens
        session.cost += cost
        session.now += self.pause(session)

    def invoke(self, session: Session) -> None:
        session.messages += 1
        skill = self.pick(self.steps.skills[session.agent])
        session.now, error = self.steps.invocation(session.now, skill, self.pick(skill.tools))
        session.failed = bool(error)
        session.now += self.pause(session) // 4

    def write(self, session: Session) -> None:
        status = self.status_of(session)
        ended = NULL if status == "active" else clock.text(session.now)
        self.steps.add(
            "agent_sessions",
            f"{session.id}\t{session.agent}\t{session.kind.session_type}\t{clock.text(session.start)}\t{ended}\t"
            f"{session.messages + 1}\t{session.tokens}\t{session.cost / 1e6:.6f}\t{status}\t"
            f"{self.metadata(session, status)}\n",
        )

    def status_of(self, session: Session) -> str:
        draw = self.chance()
        if session.now > self.steps.until or draw < STUCK:
            return "active"
        if draw < 0.025 or (session.failed and draw < 0.4):
            return "error"
        return "ended" if draw > 0.88 else "completed"

    def metadata(self, session: Session, status: str) -> str:
        if session.kind.session_type == "interactive":
            return f'{{"source": "api", "label": {session.label}, "openclaw_source_channel": "{session.channel}"}}'
        outer = self.steps.new_id()
        seen = clock.iso(min(session.now, self.steps.until))
        ended = "null" if status == "active" else f'"{seen}"'
        parent = session.parent
        lineage = f', "parent_session_id": "{parent.id}", "spawned_by": "{parent.key}"' if parent else ""
        return (
            f'{{"source": "openclaw_volume", "openclaw_session_id": "{outer}", "openclaw_source_key": "{session.key}", '
            f'"openclaw_source_channel": "{session.channel}", "synced_at": "{seen}"{lineage}, '
            f'"openclaw_session": {{"id": "{outer}", "agentId": "{session.agent}", "status": "{status}", '
            f'"type": "{session.kind.session_type}", "createdAt": "{clock.iso(session.start)}", "updatedAt": "{seen}", '
            f'"endedAt": {ended}, "label": {session.label}, "channel": "{session.channel}", '
            f'"model": "litellm/{session.model.name}", "contextTokens": {session.model.context}}}}}'
        )

    def work_outside(self, number: int, count: int, moment: int) -> None:
        """Keep the other tables in step with the sessions; the reserve, too, is used up in the end."""
        left, is_last = self.steps.left, number == count
        for table, outside in (
            ("model_usage", self.call_outside),
            ("skill_invocations", self.invoke_outside),
            ("activity_log", self.note_outside),
        ):
            total = self.totals[table]
            kept = 0 if is_last else total * (count - number) // count + min(RESERVE, total // 20)
            for _ in range(left[table] - kept):
                outside(moment - int(self.chance() * 6 * clock.HOUR) if is_last else moment)

    def soon(self, moment: int) -> int:
        """Within the next hour, but early enough to be over by the end of the world."""
        return min(moment, self.steps.until - 2 * clock.HOUR // 10) + int(self.chance() * clock.HOUR / 12)

    def call_outside(self, moment: int) -> None:
        self.steps.call(self.soon(moment), NULL, self.pick(self.steps.models), 0)

    def invoke_outside(self, moment: int) -> None:
        skill = self.pick(self.steps.skills[self.pick(self.agents)])
        self.steps.invocation(self.soon(moment), skill, self.pick(skill.tools))

    def note_outside(self, moment: int) -> None:
        self.steps.note_of(self.soon(moment), "", "")
