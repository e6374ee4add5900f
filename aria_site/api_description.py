"""What the API says of itself: its rules in short, and its parts in order, each in a sentence."""

TAGS = {
    "Health": "Is the site well, and how much is in it.",
    "Services": "The services around the site, and the host that they run on.",
    "Activities": "What the agent did, step by step.",
    "Thoughts": "What the agent noted while it thought.",
    "Memories": "What the agent keeps: values under a key, and texts that are found by their meaning.",
    "Goals": "The goals on the board, and the board itself.",
    "Hourly goals": "What is planned for the hours of the day.",
    "Sessions": "The agent's sessions, their lengths and costs.",
    "Model usage": "Calls of language models: tokens, cost, latency.",
    "Budgets": "What may be spent, what is left of it, and leases on it.",
    "LiteLLM": "What the LiteLLM proxy offers and has spent.",
    "Providers": "What is left on the accounts with providers of models.",
    "Models": "The catalogue of language models.",
    "Security events": "Inputs that looked like attacks.",
    "Knowledge graph": "Two graphs: what the agent knows, and what its skills can do.",
    "Social": "Posts and comments that the agent wrote.",
    "Working memory": "What is on the agent's mind now, with checkpoints to come back to.",
    "Skills": "The registry of skills, their calls and how well they work.",
    "Lessons": "Errors that occurred, and what resolves them.",
    "Proposals": "Changes that the agent proposes and a person decides on.",
    "Rate limits": "Counters by which skills hold back.",
    "API key rotations": "When which key was changed, and why.",
    "Heartbeats": "Signs of life.",
    "Performance": "Reviews of periods.",
    "Tasks": "Work that agents hand to one another.",
    "Schedule": "The scheduler's state.",
    "Jobs": "The scheduler's jobs.",
    "Telemetry": "Telemetry of all kinds in one request.",
    "Admin": "Beyond the warehouse's rows: services, files. Most need the scope admin.",
    "Data": "The tables as they are: records, export, search, maintenance.",
    "Metrics": "The site's own numbers for Prometheus.",
}

DESCRIPTION = """
The agent's warehouse over JSON.

**Who may.** Send `Authorization: Bearer aria_...`; `python manage.py token` makes one. Its scope is read, write or
admin, each including the one before.

**Errors** carry `detail`. After a 422 it names each place that is not valid, and nothing is stored. After 429 and 503
try again later.

**Lists** are `{items, total, page, limit, pages}`, where `page` counts from 1 and `limit` is 0 to 1000.

**Retries.** Telemetry takes an `id` of the sender's own or the header `Idempotency-Key`: what is sent twice is stored
once. Any other write with that header is done once, and a retry gets the first answer; a key is for one write only.

**Bodies** are read generously: numbers as text, text where an object is meant, null where there is a default. Unknown
fields are ignored.
""".strip()
