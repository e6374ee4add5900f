"""Names of the skills beyond the first 35: connectors that the agent wrote for itself."""

SERVICES = (
    "github", "gitlab", "jira", "linear", "notion", "confluence", "slack", "discord", "matrix", "mastodon", "bluesky",
    "reddit", "hackernews", "arxiv", "pubmed", "wikipedia", "wikidata", "openalex", "zotero", "gmail", "imap",
    "calendar", "contacts", "todoist", "trello", "airtable", "sheets", "drive", "dropbox", "s3", "minio", "postgres",
    "mysql", "sqlite", "duckdb", "redis", "kafka", "mqtt", "grafana", "prometheus", "loki", "sentry", "pagerduty",
    "statuspage", "cloudflare", "dns", "certificates", "docker", "podman", "kubernetes", "terraform", "ansible",
    "proxmox", "truenas", "homeassistant", "weather", "traffic", "transit", "flights", "podcasts", "youtube", "rss",
    "newsletter", "translation", "speech", "ocr", "maps", "invoices", "receipts", "banking", "tax",
)  # fmt: skip
PURPOSES = (
    "sync", "digest", "watch", "search", "export", "import", "archive", "backup", "restore", "audit", "report",
    "alerts", "labels", "triage", "summary", "cleanup", "notify", "mirror", "metrics", "forecast", "compare", "stats",
    "tags", "dedupe", "index", "lookup", "history", "feed", "inbox", "outbox", "drafts", "review", "approvals",
    "templates", "quota", "costs", "limits", "health", "inventory", "migration", "planner", "router", "scorer",
    "sampler", "annotator", "reconciler", "validator", "enricher", "linker", "scout", "tutor",
)  # fmt: skip
VERBS = ("list", "get", "create", "update", "delete", "search", "export", "run", "status", "preview")
