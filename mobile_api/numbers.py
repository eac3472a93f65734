"""How a workspace numbers its records; and numbers in answers, where a workspace has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from flask import Response
from pydantic import BaseModel, BeforeValidator, Field, StringConstraints
from sqlalchemy import Text, literal_column

from mobile_api.agreeing import check_if_match
from mobile_api.records import shown
from mobile_api.registry import api
from mobile_api.shapes import Fields
from saas_crm.access.numbering import (
    COUNTED,
    Numbering,
    NumberingWrite,
    all_numbering,
    decide_numbering,
    number_existing,
    numbering_of,
    numbers_kept,
)
from saas_crm.core.fields import clean_line
from saas_crm.core.forms import given, parse, patch_of
from saas_crm.core.numbering.patterns import LONGEST
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires

NumberingPatch = patch_of(NumberingWrite, "NumberingPatch")
NumberBegins = Annotated[
    str, StringConstraints(max_length=LONGEST), BeforeValidator(clean_line), Field(description="How its number begins.")
]
_NONE = literal_column("NULL", Text)


class NumberingRead(BaseModel):
    """How one kind of record is numbered."""

    resource: str = Field(examples=["company"])
    on: bool = Field(description="Whether new records get a number.")
    pattern: str = Field(examples=["C-{00000}"])
    fiscal: bool
    start: int = Field(description="The next running number.")
    next: str = Field(description="What the next record would be called.", examples=["C-00042"])
    without: int = Field(description=f"How many records have no number; {COUNTED + 1} is more than {COUNTED}.")


class NumberingList(BaseModel):
    """All kinds of records that can be numbered."""

    items: list[NumberingRead]


def told_columns(names: Sequence[str], columns: Sequence[Any]) -> tuple[Any, ...]:
    """Return the columns, without the number where the workspace has no numbers yet."""
    if numbers_kept():
        return tuple(columns)
    return tuple(_NONE if name == "number" else column for name, column in zip(names, columns, strict=True))


def unnumbered() -> Fields:
    """Return what is said of a loaded record's number where the workspace has none yet."""
    return {} if numbers_kept() else {"number": None}


@api.operation("GET", "/numbering", tag="workspace", responses={200: NumberingList}, etag=True)
@requires("workspace:update")
def list_numbering() -> Response:
    """List how each kind of record is numbered."""
    return shown({"items": [_shown(found) for found in all_numbering(current_member(), without=True)]})


@api.operation(
    "PATCH", "/numbering/<kind>", tag="workspace", request_model=NumberingPatch, responses={200: NumberingRead},
    etag=True, if_match=True, idempotent=True,
)  # fmt: skip
@requires("workspace:update")
def change_numbering(kind: str, body: NumberingWrite) -> Response:
    """Decide how one kind of record is numbered, from the next one on; numbers that were given stay."""
    found = numbering_of(kind, current_member())
    present = _shown(found)
    check_if_match(present, lambda: _told(kind))
    kept = {name: present[name] for name in ("on", "pattern", "fiscal")}
    data = parse(NumberingWrite, kept | given(body))
    decide_numbering(kind, data, actor=current_member(), version=found.version)
    return shown(_told(kind))


@api.operation(
    "POST", "/numbering/<kind>/existing", tag="workspace", responses={202: NumberingRead}, idempotent=True,
)  # fmt: skip
@requires("workspace:update")
def number_existing_records(kind: str) -> Response:
    """Give numbers to what has none, in the order in which it was made; it takes a while."""
    number_existing(kind, actor=current_member())
    return shown(_told(kind), status=202)


def _told(resource: str) -> Fields:
    return _shown(numbering_of(resource, current_member()))


def _shown(found: Numbering) -> Fields:
    return {
        "resource": found.resource, "on": found.rule.on, "pattern": found.rule.text, "fiscal": found.rule.fiscal,
        "start": found.last + 1, "next": found.next, "without": found.without,
    }  # fmt: skip
