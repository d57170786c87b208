"""Every environment variable that OpenSOM reads: its name, type, default and meaning.

`docs/configuration.md` is generated from this class. A value of the wrong kind stops the
process at start with the variable's name. An empty value counts as unset.
"""

import contextlib
import os
import secrets
from ipaddress import ip_network
from pathlib import Path
from typing import Literal, Self

from django.core.exceptions import ImproperlyConfigured
from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

BASE_DIR = Path(__file__).resolve().parent.parent
DATABASES = ("postgres://", "postgresql://", "sqlite:///")
BROKERS = ("redis://", "rediss://", "amqp://", "amqps://", "filesystem://", "memory://")


class Environment(BaseSettings):
    model_config = SettingsConfigDict(env_ignore_empty=True, case_sensitive=True, extra="ignore", frozen=True)

    EMBEDDED: bool | None = Field(
        None,
        description="Run on this machine alone: SQLite, no broker server, loopback only. "
        "Default: yes when none of DATABASE_URL, CELERY_BROKER_URL and SECRET_KEY is set.",
    )
    DEBUG: bool = Field(False, description="Django's debug mode. Never in production.")
    SECRET_KEY: str | None = Field(
        None,
        min_length=32,
        description="Signs sessions, tokens and callback URLs. Mandatory unless embedded, "
        "where one is made and kept in VAR_DIR.",
    )
    ALLOWED_HOSTS: str = Field(
        "localhost,127.0.0.1,[::1]", description="Host names the web process answers to, comma-separated."
    )
    CSRF_TRUSTED_ORIGINS: str = Field(
        "", description="Origins (scheme and host) whose forms are accepted, comma-separated."
    )
    TRUSTED_PROXY: bool = Field(
        False, description="Honour X-Forwarded-Proto and X-Forwarded-Host of the proxy in front."
    )
    SECURE_COOKIES: bool | None = Field(
        None, description="Cookies over HTTPS only, and plain HTTP redirected. Default: yes unless embedded."
    )
    HOST: str = Field("127.0.0.1", description="Address the web process listens on.")
    PORT: int = Field(8000, ge=1, le=65535, description="Port the web process listens on.")
    WEB_WORKERS: int = Field(2, ge=1, le=128, description="Processes that answer HTTP.")
    WEB_THREADS: int = Field(8, ge=1, le=256, description="Threads of each of them.")
    CLIENT_TIMEOUT_SECONDS: int = Field(
        30, ge=1, description="How long the web process waits for the next bytes of a request."
    )
    PUBLIC_URL: str | None = Field(
        None, description="How targets reach this system for their answers: scheme and host. Default: HOST and PORT."
    )
    SIMULATOR_PORT: int = Field(
        8641, ge=1, le=65535, description="Port of the simulated targets that `make demo` and `make run` start."
    )
    VAR_DIR: Path = Field(
        BASE_DIR / "var", description="Folder for what embedded processes keep: database, queue, secret."
    )
    DATABASE_URL: str | None = Field(
        None, description="postgres://user:password@host:port/name, or sqlite:///path. Default: SQLite in VAR_DIR."
    )
    CELERY_BROKER_URL: str | None = Field(
        None,
        description="redis://… or amqp://… Default: the file system in VAR_DIR when embedded. "
        "`none`: no broker; the sweepers do all the work.",
    )
    LOG_LEVEL: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least level that is logged.")
    LOG_FORMAT: Literal["json", "console"] = Field("json", description="Form of the log lines.")
    DEFINITIONS_DIR: Path | None = Field(
        None, description="Folder of process definitions (YAML) that `manage.py definitions import` reads."
    )

    CATALOG_PREFIX: str = Field("tmf-api/serviceCatalogManagement", description="Path of the TMF633 API.")
    INVENTORY_PREFIX: str = Field("tmf-api/serviceInventory", description="Path of the TMF638 API.")
    ORDERING_PREFIX: str = Field("tmf-api/serviceOrdering", description="Path of the TMF641 API.")
    PAGE_DEFAULT: int = Field(100, ge=1, description="Elements of a list when the client gives no limit.")
    PAGE_MAX: int = Field(1000, ge=1, description="Most elements a list answers, whatever the limit.")
    COUNT_MAX: int = Field(
        10_000, ge=1, description="How far matches are counted; beyond, a list says X-Total-Count-Capped."
    )
    IDLE_TRANSACTION_SECONDS: float = Field(
        30,
        ge=0,
        description="How long a transaction may stand idle in PostgreSQL: who is stopped keeps no rows. 0: for ever.",
    )
    STATEMENT_SECONDS: float = Field(
        10, gt=0, description="How long PostgreSQL works on one statement of a request. A list beyond it is 400."
    )

    BODY_MAX_BYTES: int = Field(2_000_000, ge=1024, description="Largest request body.")
    JSON_MAX_DEPTH: int = Field(64, ge=8, description="Deepest nesting of a JSON body.")
    ORDER_MAX_ITEMS: int = Field(1000, ge=1, description="Most items of one order, nested ones included.")
    PLAN_MAX_STEPS: int = Field(5000, ge=1, description="Most steps of one order's plan.")
    ORDER_MAX_DEPTH: int = Field(16, ge=1, description="Deepest nesting of the items of one order.")
    SERVICE_DELETE_IN_USE: bool = Field(
        True, description="Whether the record of an active or inactive service may be deleted through the API."
    )
    SPEC_MAX_DEPTH: int = Field(16, ge=1, description="Deepest decomposition of a specification.")

    STEP_TIMEOUT_SECONDS: float = Field(30, gt=0, description="Deadline of one call to a target, unless a step says.")
    STEP_MAX_ATTEMPTS: int = Field(5, ge=1, description="Attempts of a step before it falls out, unless it says.")
    STEP_BACKOFF_SECONDS: float = Field(1, gt=0, description="Wait before the second attempt; doubles each time.")
    STEP_BACKOFF_MAX_SECONDS: float = Field(300, gt=0, description="Longest wait between two attempts.")
    LEASE_MARGIN_SECONDS: float = Field(15, gt=0, description="How much longer than its deadline a claim is held.")
    ANSWER_TIMEOUT_SECONDS: float = Field(
        86_400, gt=0, description="How long an accepted step may wait for its asynchronous answer before it falls out."
    )
    CANCEL_GRACE_SECONDS: float = Field(
        60, ge=0, description="How long the cancellation of an order waits for targets that have accepted work of it."
    )
    POLL_SECONDS: float = Field(5, gt=0, description="How often an accepted step's monitor is asked, at first.")
    CLAIM_BATCH: int = Field(100, ge=1, le=1000, description="Most steps that one claim takes.")
    SWEEP_SECONDS: float = Field(0.25, gt=0, description="Pause between two rounds of a sweeper.")
    RESPONSE_MAX_BYTES: int = Field(1_000_000, ge=1024, description="Largest answer read from anybody, decompressed.")

    JOB_TIMEOUT_SECONDS: float = Field(
        120, gt=0, description="Deadline of the transfer of an import's or export's file."
    )
    JOB_MAX_BYTES: int = Field(
        20_000_000, ge=1024, description="Largest file of an import or export, packed or unpacked."
    )
    JOB_MAX_RECORDS: int = Field(100_000, ge=1, description="Most records of one import.")
    JOB_THREADS: int = Field(4, ge=1, le=64, description="Most imports and exports that one process has under way.")
    IDEMPOTENCY_KEEP_SECONDS: float = Field(
        86_400, ge=86_400, description="How long the answer to a POST with an Idempotency-Key is kept."
    )

    OUTBOUND_ALLOW: str = Field(
        "",
        description="Networks and host names, comma-separated, that may be called although they are private, "
        "loopback or link-local: `10.0.0.0/8,ems.internal`. Default: none; embedded: loopback.",
    )
    DELIVERY_TIMEOUT_SECONDS: float = Field(10, gt=0, description="Deadline of one notification to a listener.")
    DELIVERY_GIVE_UP_SECONDS: float = Field(
        259_200, gt=0, description="How long a notification is retried before it is a dead letter."
    )

    @field_validator("DATABASE_URL")
    @classmethod
    def _known_database(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(DATABASES):
            raise ValueError(f"must start with one of {', '.join(DATABASES)}")
        return value

    @field_validator("CELERY_BROKER_URL")
    @classmethod
    def _known_broker(cls, value: str | None) -> str | None:
        if value not in (None, "none") and not str(value).startswith(BROKERS):
            raise ValueError(f"must be none or start with one of {', '.join(BROKERS)}")
        return value

    @field_validator("OUTBOUND_ALLOW")
    @classmethod
    def _networks(cls, value: str) -> str:
        for word in words(value):
            if "/" in word:
                ip_network(word)
        return value

    @field_validator("CSRF_TRUSTED_ORIGINS")
    @classmethod
    def _origins(cls, value: str) -> str:
        if wrong := [word for word in words(value) if not word.startswith(("http://", "https://"))]:
            raise ValueError(f"must start with http:// or https://: {', '.join(wrong)}")
        return value

    @model_validator(mode="after")
    def _secure(self) -> Self:
        if not self.embedded and not self.SECRET_KEY:
            raise ValueError("SECRET_KEY: must be set (at least 32 characters) unless EMBEDDED=true")
        if self.DEBUG and not self.embedded:
            raise ValueError("DEBUG: shows secrets and source to every visitor, so only EMBEDDED=true may have it")
        if "*" in words(self.ALLOWED_HOSTS) and not self.embedded:
            raise ValueError("ALLOWED_HOSTS: must name the hosts, * would let callers choose what links point to")
        if self.PAGE_DEFAULT > self.PAGE_MAX:
            raise ValueError("PAGE_DEFAULT: must not exceed PAGE_MAX")
        return self

    @property
    def embedded(self) -> bool:
        if self.EMBEDDED is not None:
            return self.EMBEDDED
        return not (self.DATABASE_URL or self.CELERY_BROKER_URL or self.SECRET_KEY)

    @property
    def public_url(self) -> str:
        return (self.PUBLIC_URL or f"http://{self.HOST}:{self.PORT}").rstrip("/")

    @property
    def secret_key(self) -> str:
        return self.SECRET_KEY or _kept_secret(self.VAR_DIR / "secret_key")

    @property
    def database_url(self) -> str:
        return self.DATABASE_URL or f"sqlite:///{self.VAR_DIR / 'opensom.sqlite3'}"

    @property
    def broker_url(self) -> str | None:
        """None when there is no broker at all."""
        if self.CELERY_BROKER_URL == "none":
            return None
        if self.CELERY_BROKER_URL:
            return self.CELERY_BROKER_URL
        return "filesystem://" if self.embedded else None

    @property
    def outbound_allow(self) -> tuple[str, ...]:
        if self.OUTBOUND_ALLOW:
            return words(self.OUTBOUND_ALLOW)
        return ("127.0.0.0/8", "::1/128", "localhost") if self.embedded else ()


def words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def read() -> Environment:
    """The environment, checked. Raises ImproperlyConfigured naming every variable at fault."""
    try:
        return Environment()
    except ValidationError as error:
        faults = [": ".join([*map(str, e["loc"]), e["msg"].removeprefix("Value error, ")]) for e in error.errors()]
        raise ImproperlyConfigured("; ".join(faults)) from None


def _kept_secret(path: Path) -> str:
    """The secret in that file, made when there is none. Linked into place whole, so that processes
    which start together agree on one and none reads half of it."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(50))
            with contextlib.suppress(FileExistsError):
                os.link(draft, path)
        finally:
            draft.unlink(missing_ok=True)
    return path.read_text()
