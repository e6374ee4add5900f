"""All settings, each read from the environment with a type and a default (see README, Configuration)."""

import contextlib
import os
import secrets
import tempfile
from pathlib import Path

from corsheaders.defaults import default_headers

from aria_site import database

BASE_DIR = Path(__file__).resolve().parent.parent


def env(name: str, default: str = "") -> str:
    """The variable, or the contents of the file that NAME_FILE names."""
    if path := os.environ.get(f"{name}_FILE"):
        return Path(path).read_text().strip()
    return os.environ.get(name, default)


def env_bool(name: str, default: bool = False) -> bool:
    return env(name, str(default)).lower() in ("1", "true", "yes", "on")


def env_int(name: str, default: int) -> int:
    try:
        return int(env(name, str(default)))
    except ValueError:
        raise SystemExit(f"{name} is {env(name)!r}; it must be a whole number.") from None


def env_list(name: str, default: str = "") -> list[str]:
    return [item.strip() for item in env(name, default).split(",") if item.strip()]


def generated_secret(path: Path) -> str:
    """A secret of this installation, made on first use and readable by its owner alone."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=path.parent)  # 0600
        with open(handle, "w") as file:
            file.write(secrets.token_urlsafe(50))
        with contextlib.suppress(FileExistsError):  # of two first starts at once one wins
            os.link(draft, path)  # whole or not at all
        os.unlink(draft)
    return path.read_text()


# Where things are
ARIA_DATA_DIR = database.data_dir()
ARIA_HOST = env("ARIA_HOST", "127.0.0.1")
ARIA_PORT = env_int("ARIA_PORT", 8000)
ARIA_WS_PORT = env_int("ARIA_WS_PORT", ARIA_PORT + 1)
ARIA_WORKERS = env_int("ARIA_WORKERS", min(os.cpu_count() or 1, 4))
ARIA_THREADS = env_int("ARIA_THREADS", 4)
OPENCLAW_JOBS_PATH = env("OPENCLAW_JOBS_PATH")
OPENCLAW_AGENTS_DIR = env("OPENCLAW_AGENTS_DIR")
ARIA_MEMORIES_DIR = env("ARIA_MEMORIES_DIR")
ARIA_SKILLS_DIR = BASE_DIR / env("ARIA_SKILLS_DIR", "skills")

# Other services, asked only at these addresses
SERVICE_URLS = {
    "grafana": env("GRAFANA_URL"),
    "prometheus": env("PROMETHEUS_URL"),
    "ollama": env("OLLAMA_URL"),
    "litellm": env("LITELLM_URL"),
    "clawdbot": env("CLAWDBOT_URL"),
    "pgadmin": env("PGADMIN_URL"),
    "browser": env("BROWSER_URL"),
    "traefik": env("TRAEFIK_URL"),
    "aria-web": env("ARIA_WEB_URL"),
    "aria-api": env("ARIA_API_SELF_URL"),
}
if env_bool("MLX_ENABLED"):
    SERVICE_URLS["mlx"] = env("MLX_URL")
ARIA_HOST_STATS_URL = env("ARIA_HOST_STATS_URL")
LITELLM_MASTER_KEY = env("LITELLM_MASTER_KEY")
LITELLM_DATABASE_URL = database.libpq_url(env("LITELLM_DATABASE_URL"))
CLAWDBOT_TOKEN = env("CLAWDBOT_TOKEN")
MOLTBOOK_API_URL = env("MOLTBOOK_API_URL", "https://www.moltbook.com/api/v1")
MOLTBOOK_API_KEY = env("MOLTBOOK_API_KEY") or env("MOLTBOOK_TOKEN")

# What the site does by itself; 0 means never
OPENCLAW_SESSIONS_SYNC_INTERVAL_SECONDS = env_int("OPENCLAW_SESSIONS_SYNC_INTERVAL_SECONDS", 30)
ARIA_SESSION_STALE_HOURS = env_int("ARIA_SESSION_STALE_HOURS", 24)

# Budgets: how long a check holds its lease on what is left, and who is told of crossed shares
ARIA_BUDGET_LEASE_SECONDS = env_int("ARIA_BUDGET_LEASE_SECONDS", 300)
ARIA_BUDGET_WEBHOOK_URL = env("ARIA_BUDGET_WEBHOOK_URL")
ARIA_BUDGET_WEBHOOK_SECRET = env("ARIA_BUDGET_WEBHOOK_SECRET")
if ARIA_BUDGET_WEBHOOK_URL and not ARIA_BUDGET_WEBHOOK_SECRET:
    raise SystemExit("ARIA_BUDGET_WEBHOOK_URL needs ARIA_BUDGET_WEBHOOK_SECRET, with which notices are signed.")

# Semantic memory: who makes embeddings, and who writes summaries (at LITELLM_URL)
ARIA_EMBEDDINGS = env("ARIA_EMBEDDINGS") or "local"
if ARIA_EMBEDDINGS not in ("local", "off") and not ARIA_EMBEDDINGS.startswith(("http://", "https://")):
    raise SystemExit(f"ARIA_EMBEDDINGS is {ARIA_EMBEDDINGS!r}; it must be 'local', 'off' or an http(s) address.")
ARIA_EMBEDDINGS_MODEL = env("ARIA_EMBEDDINGS_MODEL") or "nomic-embed-text"
ARIA_EMBEDDINGS_KEY = env("ARIA_EMBEDDINGS_KEY") or env("LITELLM_MASTER_KEY")
ARIA_SUMMARY_MODEL = env("ARIA_SUMMARY_MODEL") or "kimi"

# Providers of models, asked for the balance of an account where its key is given
MOONSHOT_KIMI_KEY = env("MOONSHOT_KIMI_KEY")
MOONSHOT_URL = env("MOONSHOT_URL", "https://api.moonshot.ai")
OPEN_ROUTER_KEY = env("OPEN_ROUTER_KEY")
OPEN_ROUTER_URL = env("OPEN_ROUTER_URL", "https://openrouter.ai")
ARIA_MODELS_FILE = env("ARIA_MODELS_FILE")

# What admins may do beyond the warehouse: look into the agent's files, restart services
ARIA_WORKSPACE_DIR = env("ARIA_WORKSPACE_DIR")
ARIA_SERVICE_CONTROL_ENABLED = env_bool("ARIA_SERVICE_CONTROL_ENABLED")
ARIA_ADMIN_TOKEN = env("ARIA_ADMIN_TOKEN")
SERVICE_COMMANDS = {name: value for name, value in os.environ.items() if name.startswith("ARIA_SERVICE_CMD_")}

# Security
DEBUG = env_bool("DEBUG")
SECRET_KEY = env("SECRET_KEY") or generated_secret(ARIA_DATA_DIR / "secret_key")
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", f"localhost,127.0.0.1,[::1],{ARIA_HOST}")
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS")
ARIA_API_AUTH = env("ARIA_API_AUTH", "token")
if ARIA_API_AUTH not in ("token", "none"):
    raise SystemExit(f"ARIA_API_AUTH is {ARIA_API_AUTH!r}; it must be 'token' or 'none'.")
ARIA_TOKEN_SECONDS = env_int("ARIA_TOKEN_SECONDS", 1)
ARIA_NOISE_FILTER = env_bool("ARIA_NOISE_FILTER")
ARIA_RATE_LIMIT = env_int("ARIA_RATE_LIMIT", 60_000)  # requests a minute of one token and process; 0: no limit
ARIA_PROXIES = env_int("ARIA_PROXIES", 0)  # how many stand in front and add to X-Forwarded-For

# Web pages of other origins that may use the API
CORS_ALLOWED_ORIGINS = [origin.rstrip("/") for origin in env_list("CORS_ALLOWED_ORIGINS")]
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_CREDENTIALS = True
CORS_ALLOW_HEADERS = [*default_headers, "idempotency-key", "if-match", "x-admin-token", "x-correlation-id"]
CORS_EXPOSE_HEADERS = [
    "ETag",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "Retry-After",
    "X-Correlation-ID",
    "X-Response-Time-Ms",
]

# Behind a proxy, which also carries /ws/; and perhaps speaks HTTPS to the world
ARIA_HTTPS = env_bool("ARIA_HTTPS")
ARIA_PROXY = env_bool("ARIA_PROXY", ARIA_HTTPS)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = ARIA_HTTPS
if ARIA_HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_000_000  # the contract's bound on a body
FILE_UPLOAD_HANDLERS = [
    "apps.core.uploads.Bounded",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)

INSTALLED_APPS = [
    "daphne",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "pgvector.django",
    "channels",
    "corsheaders",
    "django_htmx",
    "template_partials",
    "ninja",
    "apps.core",
    "apps.goals",
    "apps.telemetry",
    "apps.skillset",
    "apps.memory",
    "apps.knowledge",
    "apps.improvement",
    "apps.operations",
    "apps.security",
    "apps.social",
    "apps.warehouse",
]

MIDDLEWARE = [
    "apps.core.middleware.request_headers",
    "apps.core.middleware.token_lane",
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "apps.core.middleware.content_security_policy",
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.core.middleware.persons_zone",
    "apps.core.middleware.LoginRequired",
    "apps.warehouse.overview.visits.visit_under_way",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "aria_site.urls"
WSGI_APPLICATION = "aria_site.wsgi.application"
ASGI_APPLICATION = "aria_site.asgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.core.navigation.navigation",
                "apps.core.sockets.socket_origin",
            ],
            "builtins": ["apps.core.templatetags.display"],
        },
    }
]

# Each request under ASGI runs on a thread of its own, so connections must come from a pool (`make serve` has few
# threads, which live long: there each keeps its own, and the pool's tenth of a list's time);
# whatever a session sets must be SET LOCAL, because the next request gets the same connection.
# The pool's last lines, and the first three of OPTIONS, bound how long a request waits for a database that is away.
DATABASES = {"default": database.django_settings()}
DATABASES["default"] |= {
    "ENGINE": "aria_site.postgresql",
    "CONN_MAX_AGE": 0,
    "OPTIONS": {
        "connect_timeout": 5,
        "tcp_user_timeout": 10_000,
        "keepalives_idle": 30,
        "application_name": "aria-site",
        "prepare_threshold": 5,  # for cursors that leave values out of the statement
    }
    | DATABASES["default"]["OPTIONS"],
}
if ARIA_DB_POOL := env_int("ARIA_DB_POOL", 16):
    DATABASES["default"]["OPTIONS"]["pool"] = {
        "min_size": 2,
        "max_size": ARIA_DB_POOL,
        "timeout": 5,
        "reconnect_timeout": 5,  # then the next request tries at once, where the default would wait ever longer
    }
else:
    DATABASES["default"] |= {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}

AUTH_USER_MODEL = "core.User"
AUTHENTICATION_BACKENDS = ["apps.security.logins.PatientBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = LOGOUT_REDIRECT_URL = "/"
# Without HTTPS in front there is nothing that these checks of the deployment could ask for.
SILENCED_SYSTEM_CHECKS = [] if ARIA_HTTPS else ["security.W004", "security.W008", "security.W012", "security.W016"]

LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
FORMAT_MODULE_PATH = ["aria_site.formats"]
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = ARIA_DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "text": {"format": "%(asctime)s %(levelname)-7s %(name)s: %(message)s", "datefmt": "%H:%M:%S"},
        "json": {"()": "apps.core.logs.JsonFormatter"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "json" if env("LOG_FORMAT") == "json" else "text",
        }
    },
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", "INFO")},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "django.server": {"handlers": [], "propagate": True},
        "daphne": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
        "psycopg.pool": {"level": "ERROR"},
    },
}
