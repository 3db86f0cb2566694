"""Settings, all from the environment; see .env.example. Without any, everything runs embedded under var/."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import environ

from wellness.lib.keyfile import read_or_create
from wellness.logs import configuration
from wellness.signing_in import *  # noqa: F403  all that allauth and passwords need
from wellness.timetable import TIMETABLE

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.FileAwareEnv()
env.read_env(env.str("DOTENV", default=str(BASE_DIR / ".env")))  # what the environment already says, wins

DEBUG = env.bool("DEBUG", default=False)
PRODUCTION = env.bool("PRODUCTION", default=False)
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var"))).resolve()


def secret(name: str) -> str:
    """The secret from the environment; embedded, from a file made at first start."""
    given: str = env.str(name, default="").strip()  # a file ends with a newline
    return given if given or PRODUCTION else read_or_create(VAR_DIR / "keys" / name.lower())


SECRET_KEY = secret("SECRET_KEY")
DATA_KEY = secret("DATA_KEY")  # wraps the key epochs, which wrap every person's data key
DRAW_KEY = secret("DRAW_KEY")  # seeds every randomisation
INDEX_KEY = secret("INDEX_KEY")  # blind indexes
SIGNING_KEY = secret("SIGNING_KEY")  # signs consent and its receipts
AUDIT_KEY = secret("AUDIT_KEY")  # signs the checkpoints of the audit chains
ACCOUNT_KEY = secret("ACCOUNT_KEY")  # seals what accounts need to sign in
KEY_DIR = Path(env.str("KEY_DIR", default=str(VAR_DIR / "keys" / "epochs")))
# What must outlive the database: the signed heads of the audit chains, and who must stay forgotten.
CHECKPOINT_DIR = Path(env.str("CHECKPOINT_DIR", default=str(VAR_DIR / "checkpoints")))
TOMBSTONE_DIR = Path(env.str("TOMBSTONE_DIR", default=str(VAR_DIR / "tombstones")))
KEY_WINDOW = timedelta(days=env.float("KEY_WINDOW_DAYS", default=14))  # a backup can be restored this long

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "django.contrib.admin.apps.SimpleAdminConfig",  # wellness.web.operators says what it shows
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "wellness.apps.StaticFiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.headless",
    "allauth.mfa",
    "allauth.usersessions",
    "rest_framework",
    "drf_spectacular",
    "django_htmx",
    "csp",
    "wellness.apps.SiteConfig",
    "wellness.work.apps.WorkConfig",
    "wellness.audit.apps.AuditConfig",
    "wellness.accounts.apps.AccountsConfig",
    "wellness.studies.apps.StudiesConfig",
    "wellness.consent.apps.ConsentConfig",
    "phenotyping.intake.apps.IntakeConfig",
    "phenotyping.surveys.apps.SurveysConfig",
    "phenotyping.days.apps.DaysConfig",
    "phenotyping.twins.apps.TwinsConfig",
    "coach.library.apps.LibraryConfig",
    "coach.delivery.apps.DeliveryConfig",
    "coach.safety.apps.SafetyConfig",
    "coach.decisions.apps.DecisionsConfig",
    "wellness.gateways.apps.GatewaysConfig",
    "wellness.web.apps.WebConfig",
]

MIDDLEWARE = [
    "wellness.audit.middleware.Trail",
    "wellness.studies.trail.PhoneReads",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "wellness.accounts.door.Door",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
]

ROOT_URLCONF = "wellness.urls"
WSGI_APPLICATION = "wellness.wsgi.application"
AUTH_USER_MODEL = "wellness_accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
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
            ]
        },
    }
]

DATABASES = {
    "default": env.db("DATABASE_URL", default=f"sqlite:///{quote(str(VAR_DIR / 'wellness.sqlite3'))}")
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",  # a deferred transaction that turns writer fails at once under load
        "timeout": 30,
        # Without recursive triggers an INSERT OR REPLACE slips past those that keep rows append-only.
        # Only FULL syncs at every commit: a receipt that was sent must outlive a power cut.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; "
        "PRAGMA recursive_triggers=ON;",
    }
    VAR_DIR.mkdir(parents=True, exist_ok=True)
else:
    DATABASES["default"] = {"CONN_HEALTH_CHECKS": True} | DATABASES["default"]
    _SESSION = {
        "synchronous_commit": "on",  # whatever the server's default: a receipt means that it is on disk
        "statement_timeout": env.int("DATABASE_STATEMENT_TIMEOUT_MS", default=60_000),
        "lock_timeout": env.int("DATABASE_LOCK_TIMEOUT_MS", default=10_000),
        "idle_in_transaction_session_timeout": env.int("DATABASE_IDLE_TIMEOUT_MS", default=60_000),
    }
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault(
        "options", " ".join(f"-c {name}={value}" for name, value in _SESSION.items())
    )
DATABASES["default"].setdefault("CONN_MAX_AGE", 60)
PREPARED_STATEMENTS = env.bool("PREPARED_STATEMENTS", default=True)

CACHES = {"default": env.cache("CACHE_URL", default="locmemcache://")}  # only rate limits live here
CACHES["default"]["KEY_FUNCTION"] = "wellness.cachekey.hidden"
if CACHES["default"]["BACKEND"].endswith("LocMemCache"):
    CACHES["default"].setdefault("OPTIONS", {"MAX_ENTRIES": 100_000})  # Django's 300 would forget most phones
elif CACHES["default"]["BACKEND"].endswith("RedisCache"):
    # A cache that hangs must not hang the phones.
    CACHES["default"].setdefault("OPTIONS", {"socket_connect_timeout": 1, "socket_timeout": 1})

STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": VAR_DIR / "files"},
    },
    "chunks": {
        "BACKEND": "phenotyping.intake.storage.DurableFileStorage",
        "OPTIONS": {"location": VAR_DIR / "chunks"},
    },
    "staticfiles": {"BACKEND": "wellness.web.assets.HashedStaticFiles"},
} | env.json("STORAGES", default={})

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "var" / "static"  # built from the checkout, whatever data it serves
_PACKAGES = BASE_DIR / "node_modules"
STATICFILES_DIRS = [
    (prefix, str(_PACKAGES / folder))
    for prefix, folder in (("bootstrap", "bootstrap/dist/css"), ("uplot", "uplot/dist"))
    if (_PACKAGES / folder).is_dir()
]

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True

vars().update(env.email("EMAIL_URL", default="consolemail://"))
PRIVACY_OFFICERS = env.list("PRIVACY_OFFICERS", default=[])  # told when a record is opened in an emergency
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("EMAIL_FROM", default="wellness@localhost")

# Transport
TLS = env.bool("TLS", default=PRODUCTION)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = TLS
SESSION_COOKIE_HTTPONLY = True
SESSION_ENGINE = "wellness.accounts.sessions"
SECURE_SSL_REDIRECT = TLS
SECURE_REDIRECT_EXEMPT = [r"^health/"]  # asked from inside, before TLS
SECURE_HSTS_SECONDS = 31_536_000 if TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = TLS
BEHIND_PROXY = env.bool("BEHIND_PROXY", default=False)
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
_SELF, _NONE = "'self'", "'none'"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [_NONE],
        "script-src": [_SELF],
        "style-src": [_SELF],
        "img-src": [_SELF, "data:"],
        "font-src": [_SELF],
        "connect-src": [_SELF],
        "manifest-src": [_SELF],
        "worker-src": [_SELF],
        "form-action": [_SELF],
        "base-uri": [_NONE],
        "frame-ancestors": [_NONE],
    }
}

PERMISSIONS_POLICY: dict[str, list[str]] = {  # pages sense nothing: phones upload what their owners agreed to
    name: []
    for name in ("camera", "microphone", "geolocation", "accelerometer", "gyroscope", "magnetometer", "usb")
} | {"publickey-credentials-get": ["self"], "publickey-credentials-create": ["self"]}

# Intake limits (trust.md section 5)
UPLOAD_WIRE_BYTES = 8 * 2**20
UPLOAD_RAW_BYTES = 64 * 2**20
UPLOAD_ROWS = 500_000
# Up to here a sealed chunk is kept in its row: one commit, and no object to write and sync.
CHUNK_ROW_BYTES = env.int("CHUNK_ROW_BYTES", default=32 * 2**10)
DATA_UPLOAD_MAX_MEMORY_SIZE = UPLOAD_WIRE_BYTES
# Admission, before a body is read; 0 lifts a limit.
UPLOADS_PER_HOUR = env.int("UPLOADS_PER_HOUR", default=240 * 60)  # a phone
UPLOAD_DAY_BYTES = env.int("UPLOAD_DAY_BYTES", default=500 * 2**20)  # a person, as sent, a UTC day
UPLOADS_WAIT_S = env.float("UPLOADS_WAIT_S", default=120.0)  # while days wait longer to be computed
UPLOADS_AT_ONCE = env.int("UPLOADS_AT_ONCE", default=4)  # large bodies on their way in a web process
DISK_FREE_SHARE = env.float("DISK_FREE_SHARE", default=0.1)  # of a volume; below it uploads wait
DISK_FREE_BYTES = env.int("DISK_FREE_BYTES", default=0)
JOIN_FAILURES_PER_HOUR = env.int("JOIN_FAILURES_PER_HOUR", default=100)  # a source address, with wrong codes
RECEIPT_CHECKS_PER_HOUR = env.int("RECEIPT_CHECKS_PER_HOUR", default=60)  # a source address

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["wellness.studies.authentication.DeviceAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["wellness.parsers.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "wellness.errors.handle",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {"TITLE": "Wellness API", "VERSION": "1", "SERVE_INCLUDE_SCHEMA": False}

# Work: rows hold what is due, Celery only wakes workers
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="filesystem://")
CELERY_VISIBILITY_TIMEOUT = 900
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {
        "data_folder_in": str(VAR_DIR / "broker"),
        "data_folder_out": str(VAR_DIR / "broker"),
        "control_folder": str(VAR_DIR / "broker" / "control"),
        "store_processed": False,
        "polling_interval": 0.25,
    }
    if CELERY_BROKER_URL == "filesystem://"
    else {
        "visibility_timeout": CELERY_VISIBILITY_TIMEOUT,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_connect_timeout": 2,
        "socket_timeout": 5,
    }
    if CELERY_BROKER_URL.startswith("redis")
    # One that is short of memory takes no message, and says nothing for as long: nobody waits for that.
    else {"confirm_publish": True, "read_timeout": 5, "write_timeout": 5}
    if CELERY_BROKER_URL.startswith("amqp")
    else {}
)
CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS = {"visibility_timeout": CELERY_VISIBILITY_TIMEOUT}
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker waits for its broker, however long
if CELERY_BROKER_URL.startswith("amqp"):  # RabbitMQ: wake-ups survive the loss of one of its nodes
    CELERY_TASK_DEFAULT_QUEUE_TYPE = CELERY_TASK_CREATE_MISSING_QUEUE_TYPE = "quorum"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 240  # less than half the visibility timeout and than the lease of a row
CELERY_TASK_SOFT_TIME_LIMIT = 210  # the row then learns why
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_POOL = "wellness.pool:TaskPool"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 30.0
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 1_000_000  # KiB; what leaks is given back
CELERY_TASK_DEFAULT_QUEUE = "compute"
CELERY_WORKER_ENABLE_REMOTE_CONTROL = CELERY_BROKER_URL != "filesystem://"  # its replies would stay as files
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")
CELERY_BEAT_SCHEDULE = TIMETABLE

LOGGING = configuration(env.str("LOG_LEVEL", default="WARNING"))
DEFAULT_EXCEPTION_REPORTER = "wellness.reports.Report"
