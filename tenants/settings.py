"""Settings: read from the environment, validated once at start, listed in docs/operations.md."""

from __future__ import annotations

from typing import Literal, Self
from urllib.parse import urlsplit

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from tenants.billing_settings import BillingSettings
from tenants.setting_texts import names_a_server, networks, servers

Environment = Literal["production", "demo", "development", "test"]


class Settings(BillingSettings):
    """Everything an operator may set; each field is an environment variable of the same name in capitals."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, env_ignore_empty=True)

    environment: Environment = Field("production", description="What this process runs for.")
    database_url: str = Field(description="Runtime login: a role that owns nothing (postgresql://…).")
    database_owner_url: str | None = Field(
        None,
        description="Login that owns the schemas: for `db upgrade`, the worker and its spare workspaces. "
        "Defaults to DATABASE_URL.",
    )
    database_prepare: bool = Field(
        True, description="Use prepared statements; false behind a pooler that cannot keep them."
    )
    database_pool_size: int = Field(8, ge=1, le=100, description="Connections kept per process and engine.")
    database_statement_timeout_ms: int = Field(
        15_000, ge=100, description="Longest statement a request may run, in milliseconds."
    )
    connection_tenants: int = Field(
        100, ge=1, description="A connection that has served this many tenants is closed (memory)."
    )
    spare_tenants: int = Field(20, ge=0, le=500, description="Ready-made workspaces kept for sign-ups.")
    secret_key: SecretStr = Field(description="Signs cookies and tokens; at least 32 characters.")
    secret_key_former: SecretStr | None = Field(
        None, description="The SECRET_KEY of before, after a change: what it signed and sealed still opens."
    )
    base_url: str = Field("http://127.0.0.1:8000", description="Public address, used in mails.")
    passkey_domain: str | None = Field(
        None,
        description="Domain that passkeys are made for: the host of BASE_URL, or a domain above it. Never change it: "
        "all passkeys would be worth nothing. Empty: the host of BASE_URL.",
    )
    mail_url: str | None = Field(
        None,
        description="smtp://user:password@host:587?tls=starttls, smtps://…, or file:///dir (demo); empty: no mail.",
    )
    mail_from: str = Field("CRM <no-reply@localhost.localdomain>", description="Sender of our mails.")
    backup_url: str | None = Field(
        None,
        description="Where every night's backups go: file:///folder or s3://bucket/folder; empty: none are made.",
    )
    backup_days: int = Field(14, ge=1, le=3_660, description="Days for which each night's backup is kept …")
    backup_weeks: int = Field(8, ge=0, le=520, description="… and weeks for which one of each week is.")
    dns_servers: str | None = Field(
        None,
        description="Name servers asked whether a domain is a workspace's own, as 192.0.2.53, 127.0.0.1:5353 or "
        "[2001:db8::53]:53. Empty: the system's.",
    )
    host: str = Field("127.0.0.1", description="Address `serve` listens on.")
    port: int = Field(8000, ge=0, le=65535, description="Port `serve` listens on.")
    web_workers: int = Field(2, ge=1, le=64, description="Processes that answer requests.")
    web_threads: int = Field(4, ge=1, le=64, description="Requests that each of them works on at a time.")
    web_workspace_threads: int | None = Field(
        None,
        ge=1,
        le=64,
        description="Of these, how many may be one workspace's; empty: all but one, and one of one.",
    )
    worker_niceness: int = Field(
        10, ge=0, le=19, description="How far the worker gives way to all else on its machine: 0 not at all, 19 wholly."
    )
    trusted_proxies: int = Field(0, ge=0, le=5, description="Reverse proxies in front that set X-Forwarded-*.")
    max_body_bytes: int = Field(5_000_000, ge=10_000, description="Largest request body, in bytes.")
    api_requests_per_minute: int = Field(
        600, ge=1, description="API rate limit for each token; also for what a person changes by pages."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Log threshold.")
    metrics_token: SecretStr | None = Field(
        None, description="Bearer token /metrics asks for; without it /metrics answers loopback only."
    )

    clock_file: str | None = Field(
        None,
        description="For trials, never in production: a file with the seconds by which the product's clock is ahead.",
    )
    operator_console: bool = Field(
        False,
        description="Serve /operator, the console of those who run the installation; without it, it is not there.",
    )
    operator_networks: str | None = Field(
        None,
        description="Networks from which /operator answers, as 10.0.0.0/8, 2001:db8::/32; for others it is not there. "
        "Empty: from everywhere.",
    )
    restore_file_bytes: int = Field(
        1_000_000_000,
        ge=1_000_000,
        description="Largest archive's file that operators may send in the console, in bytes; kept in the database "
        "until it is restored, for a day at most.",
    )

    @field_validator("operator_networks")
    @classmethod
    def _are_networks(cls, text: str | None) -> str | None:
        try:
            networks(text)
        except ValueError:
            raise ValueError("must be networks like 10.0.0.0/8, 2001:db8::/32") from None
        return text

    @field_validator("dns_servers")
    @classmethod
    def _are_servers(cls, text: str | None) -> str | None:
        try:
            servers(text)
        except ValueError:
            raise ValueError("must be addresses like 192.0.2.53, 127.0.0.1:5353, [2001:db8::53]:53") from None
        return text

    @field_validator("database_url", "database_owner_url")
    @classmethod
    def _is_postgresql(cls, url: str | None) -> str | None:
        if url is not None and urlsplit(url).scheme not in {"postgresql", "postgres"}:
            raise ValueError("must be a postgresql:// address")
        try:
            conninfo_to_dict(url or "")
        except ProgrammingError:  # its text may quote the password
            raise ValueError("is no address that PostgreSQL's clients understand; in a password, write %xx for "
                             "letters that mean something in an address") from None  # fmt: skip
        return url

    @field_validator("secret_key")
    @classmethod
    def _is_long(cls, key: SecretStr) -> SecretStr:
        if len(key.get_secret_value()) < 32:
            raise ValueError(
                "must have at least 32 characters; `python -c 'import secrets; "
                "print(secrets.token_urlsafe(48))'` makes one"
            )
        return key

    @field_validator("base_url")
    @classmethod
    def _has_no_slash(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise ValueError("must be an http:// or https:// address")
        return url.rstrip("/")

    @field_validator("mail_url")
    @classmethod
    def _is_mail(cls, url: str | None) -> str | None:
        if url is not None and urlsplit(url).scheme not in {"smtp", "smtps", "file"}:
            raise ValueError("must begin with smtp://, smtps:// or file://")
        if url is not None and not names_a_server(url):
            raise ValueError("must name a server, and its port by a number")
        return url

    @field_validator("backup_url")
    @classmethod
    def _is_a_place(cls, url: str | None) -> str | None:
        parts = urlsplit(url or "")
        if url is not None and (
            parts.scheme not in {"file", "s3"} or not (parts.netloc if parts.scheme == "s3" else parts.path[1:])
        ):
            raise ValueError("must be file:///folder or s3://bucket/folder")
        return url

    @model_validator(mode="after")
    def _passkeys_are_for_this_host(self) -> Self:
        host = urlsplit(self.base_url).hostname or ""
        if self.passkey_domain and not f".{host}".endswith(f".{self.passkey_domain}"):
            raise ValueError("PASSKEY_DOMAIN must be the host of BASE_URL or a domain above it")
        return self

    @model_validator(mode="after")
    def _production_is_safe(self) -> Self:
        if self.environment == "production":
            if not self.base_url.startswith("https://"):
                raise ValueError("BASE_URL must be https:// when ENVIRONMENT is production")
            if self.mail_url and self.mail_url.startswith("file:"):
                raise ValueError("MAIL_URL must not be file:// when ENVIRONMENT is production")
        return self

    @model_validator(mode="after")
    def _production_has_the_true_time(self) -> Self:
        if self.environment == "production" and self.clock_file:
            raise ValueError("CLOCK_FILE must not be set when ENVIRONMENT is production")
        return self

    @property
    def owner_url(self) -> str:
        """The address of the login that owns schemas and may make roles."""
        return self.database_owner_url or self.database_url

    @property
    def secret_keys(self) -> list[str]:
        """The secret key of today, and the one of before."""
        return [key.get_secret_value() for key in (self.secret_key, self.secret_key_former) if key is not None]

    @property
    def operator_places(self) -> list[str]:
        """The networks from which the operators' console answers; empty: from everywhere."""
        return networks(self.operator_networks)

    @property
    def name_servers(self) -> list[tuple[str, int]]:
        """The name servers to ask, each with its port; empty: the system's."""
        return servers(self.dns_servers)

    @property
    def workspace_threads(self) -> int:
        """The requests of one workspace that a process works on at a time, so that the others are answered too."""
        return self.web_workspace_threads or max(self.web_threads - 1, 1)

    @property
    def secure(self) -> bool:
        """Whether cookies are Secure and HSTS is sent: everywhere that is served over https."""
        return self.base_url.startswith("https://")

    @property
    def shows_mail(self) -> bool:
        """Whether /dev/mail exists: only where mails go to a folder and nobody's real data is there."""
        return self.environment in {"demo", "development", "test"} and (self.mail_url or "").startswith("file:")


def sqlalchemy_url(url: str) -> str:
    """Turn a libpq URL into SQLAlchemy's, naming the psycopg 3 driver."""
    return "postgresql+psycopg://" + url.split("://", 1)[1]
