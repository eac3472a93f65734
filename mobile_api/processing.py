"""The register of processing."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response
from pydantic import BaseModel, Field

from mobile_api.lists import answer_list
from mobile_api.openapi import list_of
from mobile_api.records import Identified, agreed_version, gone, made, shown, taken_id
from mobile_api.registry import api
from saas_crm.core.forms import patch_of
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires
from saas_crm.privacy import register
from saas_crm.privacy.schemas import ProcessingWrite

PATH = "/processing-activities"
ONE = f"{PATH}/<uuid:processing_id>"
ProcessingPatch = patch_of(ProcessingWrite, "ProcessingPatch")


class ProcessingRead(BaseModel):
    """What is done with personal data, and why."""

    id: UUID
    version: int = Field(description="0 for an entry as every workspace begins with it, told in the reader's language.")
    updated_at: datetime | None
    name: str
    purpose: str
    people: str
    data: str
    recipients: str
    retention: str
    legal_basis: str


class NewProcessing(Identified, ProcessingWrite):
    """A new entry of the register."""


def _read(found: register.Entry) -> dict[str, Any]:
    return asdict(found)


@api.operation("GET", PATH, tag="privacy", responses={200: list_of(ProcessingRead)})
@requires("privacy:read")
def list_processing_activities() -> Response:
    """List the register of processing.

    All of it at once: there are at most 100 entries.
    """
    return answer_list([_read(one) for one in register.entries()])


@api.operation(
    "POST", PATH, tag="privacy", request_model=NewProcessing, responses={201: ProcessingRead}, etag=True,
    idempotent=True, problems=(409,),
)  # fmt: skip
@requires("privacy:update")
def add_processing_activity(body: NewProcessing) -> Response:
    """Add an entry to the register."""
    chosen = taken_id(body)
    data = ProcessingWrite(**body.model_dump(exclude={"id"}))
    key = register.add(data, actor=current_member(), entry_id=chosen)
    return made(_read(register.entry(key)), f"processing-activities/{key}")


@api.operation("GET", ONE, tag="privacy", responses={200: ProcessingRead}, etag=True)
@requires("privacy:read")
def show_processing_activity(processing_id: UUID) -> Response:
    """Show an entry of the register."""
    return shown(_read(register.entry(processing_id)))


@api.operation(
    "PATCH", ONE, tag="privacy", request_model=ProcessingPatch, responses={200: ProcessingRead}, etag=True,
    if_match=True, idempotent=True,
)  # fmt: skip
@requires("privacy:update")
def change_processing_activity(processing_id: UUID, body: ProcessingWrite) -> Response:
    """Change an entry of the register."""
    version = agreed_version(register.entry(processing_id), lambda: _read(register.entry(processing_id)))
    return shown(_read(register.change(processing_id, body, actor=current_member(), version=version)))


@api.operation("DELETE", ONE, tag="privacy", responses={204: None}, if_match=True, idempotent=True)
@requires("privacy:update")
def remove_processing_activity(processing_id: UUID) -> Response:
    """Take an entry off the register."""
    version = agreed_version(register.entry(processing_id), lambda: _read(register.entry(processing_id)))
    register.remove(processing_id, actor=current_member(), version=version)
    return gone()
