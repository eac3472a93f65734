"""What people can mend, said in one line with the remedy."""

from __future__ import annotations

from typing import IO, Any

import click
import psycopg
from sqlalchemy.exc import DBAPIError

FAILED = 1


class Failure(click.ClickException):
    """A command cannot do its work; `remedy` says what to do about it."""

    exit_code = FAILED

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy

    def show(self, file: IO[Any] | None = None) -> None:
        """Print what is wrong and how to mend it."""
        click.echo(f"Error: {self.message}", err=True, file=file)
        if self.remedy:
            click.echo(f"       {self.remedy}", err=True, file=file)


class WrongCall(Failure):
    """The arguments or the settings are at fault."""

    exit_code = 2


def explained(error: BaseException) -> Failure | None:
    """Return the line for an error people can mend, or None for one that is a fault of the program."""
    from tenants.embedded import EmbeddedServerError

    if isinstance(error, EmbeddedServerError):
        return Failure(error.message, error.remedy)
    if isinstance(error, DBAPIError) and error.orig is not None:
        return explained(error.orig)
    if isinstance(error, psycopg.Error):
        return _database(error)
    return None


def _database(error: psycopg.Error) -> Failure | None:
    said = first_line(error)
    if isinstance(error, psycopg.errors.UndefinedTable | psycopg.errors.UndefinedFunction):
        return Failure(f"The database lacks tables: {said}.", "Run `saas-crm db upgrade` first.")
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return Failure(
            f"The database login may not do this: {said}.",
            "DATABASE_OWNER_URL must name a login that owns the schemas and may make roles; see docs/operations.md.",
        )
    if isinstance(error, psycopg.OperationalError):
        return Failure(
            f"The database does not answer: {said}.",
            "Is it running, and are DATABASE_URL and DATABASE_OWNER_URL right? `saas-crm doctor` tells more.",
        )
    return None


def first_line(error: BaseException) -> str:
    """Return the first line of what an error says, without a full stop; no password is ever in it."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].strip().rstrip(".")
