"""What operators may say."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from saas_crm.access.schemas import Code, GivenEmail, Secret, Slug, StrongPassword
from saas_crm.core.clock import now
from saas_crm.core.fields import FieldError, Line, Moment, OrNone
from saas_crm.core.forms import Input
from tenants.marks import N_


def _needed(value: str) -> str:
    if not value:
        raise FieldError("missing", N_("This is needed."))
    return value


def _typed_number(value: Any) -> Any:
    """Read a number that a form sends as a text."""
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 5 else value


def _short_name(value: str) -> str:
    """Return the last part of a file's name, without what cannot be shown: it is told, and nothing is opened by it."""
    return "".join(char for char in value.replace("\\", "/").rpartition("/")[2] if char.isprintable())[:120]


def _ahead(value: datetime | None) -> datetime | None:
    if value is not None and value <= now():
        raise FieldError("past", N_("This is over already. Choose a later moment."))
    return value


class Password(Input):
    """The first step of signing in."""

    email: GivenEmail
    password: Secret


class GivenCode(Input):
    """The second step."""

    code: Code


class SetUp(Input):
    """Password and app, the first time; name and address come from the link, and the password must not repeat them."""

    email: str = ""
    name: str = ""
    password: StrongPassword
    code: Code


class Suspend(Input):
    """How far, why, whom to ask, and until when a workspace is suspended; its people, who cannot go on, read why."""

    kind: Literal["read_only", "closed"]
    reason: Annotated[Line, AfterValidator(_needed)]
    ask: Line = ""
    until: Annotated[Moment | None, OrNone, AfterValidator(_ahead)] = None


class AskConsent(Input):
    """Why operators ask a workspace to be let in; its owners read it in a mail."""

    why: Annotated[Line, AfterValidator(_needed)]


class DeleteNow(Input):
    """Why a workspace is deleted at once; it stands in the operators' log, and nobody of the workspace reads it."""

    reason: Annotated[Line, AfterValidator(_needed)]


class RestoreAs(Input):
    """Where a backup goes that becomes a workspace of its own, and what that is called; empty: as in the archive."""

    slug: Slug
    name: Line = ""


class UploadTold(Input):
    """What is told of a file before it is sent: what it is called, its bytes, and the SHA-256 of the whole."""

    file_name: Annotated[str, AfterValidator(_short_name)] = ""
    size: Annotated[int, Field(ge=1, le=1 << 60)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Allow(Input):
    """For how long operators may look in, and why."""

    hours: Annotated[Literal[1, 8, 24, 168], BeforeValidator(_typed_number)] = Field(
        description="For how many hours from now on."
    )
    note: Annotated[Line, AfterValidator(_needed)] = Field(
        description="Why; operators see it.", examples=["The board is empty since Monday"]
    )
