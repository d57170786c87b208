"""Django settings. Whatever a deployment may change comes from `config.env`."""

import logging
from typing import Any

import dj_database_url
from django.templatetags.static import static

from config import env as environment
from config import logs
from config.postgres import limit_transactions

ENV = environment.read()
BASE_DIR = environment.BASE_DIR
EMBEDDED = ENV.embedded
DEBUG = ENV.DEBUG
SECRET_KEY = ENV.secret_key
LOGGING = logs.logging_config(ENV.LOG_LEVEL, ENV.LOG_FORMAT)
logs.configure(ENV.LOG_LEVEL)
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG  # one line per request, at its end
DJANGO_STRUCTLOG_STATUS_4XX_LOG_LEVEL = logging.INFO  # the caller's fault is not our warning
DJANGO_STRUCTLOG_USER_ID_FIELD = ""  # bearer tokens have no user; a session is not read for the log's sake
ALLOWED_HOSTS = [*environment.words(ENV.ALLOWED_HOSTS)]
CSRF_TRUSTED_ORIGINS = [*environment.words(ENV.CSRF_TRUSTED_ORIGINS)]

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "oauth2_provider",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "simple_history",
    "django_structlog",
    "tmf",
    "catalog",
    "inventory",
    "ordering",
    "orchestrator",
]
MIDDLEWARE = [
    "tmf.health.HealthMiddleware",
    "tmf.request_log.RequestLog",
    "tmf.middleware.TmfErrorMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "config" / "templates"],
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

# -- what is stored -----------------------------------------------------------------------
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


def _database(url: str) -> dict[str, Any]:
    parsed: dict[str, Any] = dict(dj_database_url.parse(url, conn_max_age=600, conn_health_checks=True))
    if parsed["ENGINE"].endswith("sqlite3"):
        # Without IMMEDIATE a transaction that reads first and writes later fails at once under WAL.
        parsed["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
        }
    else:
        parsed.setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
        limit_transactions(parsed, ENV.IDLE_TRANSACTION_SECONDS)
    return parsed


DATABASES = {"default": _database(ENV.database_url)}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# -- what operators see -------------------------------------------------------------------
UNFOLD = {
    "SITE_TITLE": "OpenSOM",
    "SITE_HEADER": "OpenSOM",
    "SITE_SUBHEADER": "Service order manager",
    "SITE_SYMBOL": "hub",
    "SITE_URL": "/docs/",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("tmf/mark.svg")}],
    "STYLES": [lambda request: static("tmf/admin.css")],
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "SIDEBAR": {"show_search": True, "show_all_applications": False, "navigation": "config.menu.sidebar"},
}

# -- who may do what ----------------------------------------------------------------------
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
OAUTH2_PROVIDER_APPLICATION_MODEL = "tmf.Client"
OAUTH2_PROVIDER = {
    "SCOPES": {
        "catalog:read": "Read the service catalogue",
        "catalog:write": "Change the service catalogue",
        "inventory:read": "Read your party's services",
        "inventory:write": "Change your party's services",
        "ordering:read": "Read your party's service orders",
        "ordering:write": "Place, change and cancel your party's service orders",
        "admin": "See and do everything, for every party",
    },
    "ACCESS_TOKEN_EXPIRE_SECONDS": 3600,
    "SCOPES_BACKEND_CLASS": "tmf.auth.ClientScopes",
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,  # only the checksum of a token is kept
    # Grants that are not offered anyway, closed a second time.
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
    "COMPLIANT_BCP_RFC9700_REFRESH_TOKEN": True,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],
}
BSS_SCOPES = [scope for scope in OAUTH2_PROVIDER["SCOPES"] if scope != "admin"]  # type: ignore[attr-defined]

# -- HTTP ---------------------------------------------------------------------------------
SECURE_COOKIES = ENV.SECURE_COOKIES if ENV.SECURE_COOKIES is not None else not EMBEDDED
SECURE_SSL_REDIRECT = SECURE_COOKIES
SESSION_COOKIE_SECURE = SECURE_COOKIES
CSRF_COOKIE_SECURE = SECURE_COOKIES
SECURE_HSTS_SECONDS = 31_536_000 if SECURE_COOKIES else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_COOKIES
SECURE_HSTS_PRELOAD = SECURE_COOKIES
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if ENV.TRUSTED_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    USE_X_FORWARDED_HOST = True
DATA_UPLOAD_MAX_MEMORY_SIZE = ENV.BODY_MAX_BYTES
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
WHITENOISE_USE_FINDERS = True
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False
FORMAT_MODULE_PATH = "config.formats"

API_PREFIXES = {
    "ordering": ENV.ORDERING_PREFIX.strip("/"),
    "inventory": ENV.INVENTORY_PREFIX.strip("/"),
    "catalog": ENV.CATALOG_PREFIX.strip("/"),
}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["tmf.auth.BearerTokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["tmf.auth.HasScope"],
    "DEFAULT_PARSER_CLASSES": ["tmf.gate.JsonParser"],
    "DEFAULT_RENDERER_CLASSES": ["tmf.renderers.JsonRenderer"],
    "EXCEPTION_HANDLER": "tmf.errors.exception_handler",
    "DEFAULT_SCHEMA_CLASS": "tmf.openapi.ResourceSchema",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
}
# Each API has a document of its own (tmf/openapi.py); names collide only in the union, which nobody publishes.
SILENCED_SYSTEM_CHECKS = ["drf_spectacular.W001"]
SPECTACULAR_SETTINGS = {
    "TITLE": "OpenSOM",
    "OAS_VERSION": "3.1.0",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SERVE_INCLUDE_SCHEMA": False,
    "POSTPROCESSING_HOOKS": ["tmf.openapi.add_components"],
}

# -- events and work ----------------------------------------------------------------------
# Who hears of an event: event type → dotted paths of handlers, called with the Event rows of a batch,
# in their order, inside the dispatching transaction. Checked at start (tmf.checks).
EVENT_HANDLERS: dict[str, list[str]] = {
    "ServiceOrderCreateEvent": ["orchestrator.handlers.on_orders_created"],
    "ServiceOrderStateChangeEvent": ["orchestrator.handlers.on_orders_state_changed"],
    "ServiceOrderAttributeValueChangeEvent": ["orchestrator.handlers.on_orders_changed"],
    "CancelServiceOrderCreateEvent": ["orchestrator.handlers.on_cancels_created"],
}
# API and version → what makes the notification that its listeners hear of an Event row, or None for none.
# Without an entry it is tmf.envelope.envelope.
EVENT_FORMS = {
    "inventory-v4": "inventory.events.notification_v4",
    "inventory-v5": "inventory.events.notification_v5",
}
# A nudge's name → the Celery task that answers it.
NUDGES = {
    "dispatch": "tmf.tasks.dispatch",
    "decompose": "orchestrator.tasks.decompose",
    "drive": "orchestrator.tasks.drive",
    "cancel": "orchestrator.tasks.cancel",
    "deliver": "tmf.tasks.deliver",
    "jobs": "catalog.tasks.jobs",
}
# The verbs that do what is due, in the order a sweeper runs them.
# Each takes no argument and returns how many rows it settled.
WORK = {
    "dispatch": "tmf.dispatch.dispatch_due",
    "decompose": "orchestrator.intake.decompose_due",
    "drive": "orchestrator.execute.drive_due",
    "cancel": "orchestrator.cancel.cancel_due",
    "jeopardy": "orchestrator.jeopardy.jeopardy_due",
    "deliver": "tmf.deliver.deliver_due",
    "jobs": "catalog.jobs.jobs_due",
    "forget": "tmf.once.keys_forget",
}
CONNECTORS = {
    "tmf640": "orchestrator.connectors.tmf640.Tmf640Connector",
    "rest": "orchestrator.connectors.rest.RestConnector",
    "manual": "orchestrator.connectors.manual.ManualConnector",
    "simulator": "orchestrator.connectors.simulator.SimulatorConnector",
}
ORDERABLE_LIFECYCLE_STATUSES = ("Active", "Launched")
# The kinds of serviceSpecRelationship (lower case) that say what a specification is made of.
DECOMPOSITION_RELATIONSHIPS = frozenset(
    {"dependency", "dependson", "requires", "relieson", "composedof", "contains", "bundles", "haspart", "supportedby"}
)

PUBLIC_URL = ENV.public_url
BROKER_URL = ENV.broker_url
CELERY_BROKER_URL = BROKER_URL or "memory://"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_POOL = "threads"
CELERY_WORKER_CONCURRENCY = 8
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {"socket_timeout": 5, "socket_connect_timeout": 2}
if CELERY_BROKER_URL.startswith("filesystem"):
    _queue = ENV.VAR_DIR / "queue"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_queue),
        "data_folder_out": str(_queue),
        "control_folder": str(ENV.VAR_DIR / "queue-control"),
        "polling_interval": 0.05,
    }
