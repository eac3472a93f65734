"""The history of one record: its page, and putting a former value back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from saas_crm.access.audit_log import ORDERS, history, history_entry, is_told
from saas_crm.access.ownership import check_may, may
from saas_crm.access.permissions import CurrentMember
from saas_crm.core.errors import Forbidden, InvalidInput
from saas_crm.core.forms import parse, patch_of
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import sentences
from saas_crm.edge.current import current_member
from saas_crm.edge.input import input_context
from saas_crm.hand_over.queries import told_of
from tenants.db import AnyRow, db
from web.forms import form_version, is_htmx, saved
from web.history.lines import NOT_TO_RETURN, lines
from web.history.rooms import Returning, rooms
from web.lists import after_key, asked_id, next_url


def history_page(resource: str, record_id: UUID, *, wrong: str = "") -> str:
    """Show what was done with a record, newest first; htmx takes the further lines out of the same page."""
    member, room = current_member(), rooms[resource]
    assert room.returning is not None
    record = room.returning.load(record_id, member)
    scope = f"history:{record_id}"
    page = history(resource, record_id, after=after_key(scope, ORDERS["-at"]))
    here = page_of(resource, record_id)
    return render_template(
        "history/_lines.html" if is_htmx() and "after" in request.args else "history/show.html",
        lines=lines(page.rows, member, record=record, may_return=may(record, "update", member)),
        next_url=next_url(page, scope), title=_title(record), back_url=here, return_url=f"{here}/history/put-back",
        version=record.version, wrong=wrong, of_record=True, hand_overs=_hand_overs(page.rows, member),
        log_url=url_for("settings_audit.index", record=record_id) if member.can("audit:read") else "",
    )  # fmt: skip


def _hand_overs(rows: Sequence[AnyRow], member: CurrentMember) -> dict[UUID, str]:
    """Return, for each entry by which the record changed hands in a hand-over, its address; "" where it is not told."""
    by = {row.id: row.hand_over_id for row in rows if row.hand_over_id}
    told = told_of(set(by.values()), member=member)
    pages = {
        hand_over_id: url_for("hand_overs.show", hand_over_id=hand_over_id) if whole
        else url_for("hand_overs.received", hand_over=hand_over_id)
        for hand_over_id, whole in told.items()
    }  # fmt: skip
    return {entry_id: pages.get(hand_over_id, "") for entry_id, hand_over_id in by.items()}


def put_back(resource: str, record_id: UUID) -> ResponseReturnValue:
    """Give a field its former value again: a new change, by the rules of the record's own form.

    A value that is allowed no longer is answered with the page and the reason, 422.
    """
    member, room = current_member(), rooms[resource]
    assert room.returning is not None
    record = room.returning.load(record_id, member)
    check_may(record, "update", member)
    entry = history_entry(resource, record_id, asked_id("entry_id", request.form) or UUID(int=0))
    name = request.form.get("field", "")
    _check_field(resource, room.returning, name, entry.changes)
    try:
        _put(room.returning, record, name, entry.changes[name][0])
    except InvalidInput as invalid:
        db.session.rollback()
        why = sentences(*dict.fromkeys(invalid.errors.values()))
        label = room.labels().get(name, name)
        wrong = _("%(field)s cannot be put back: %(reason)s", field=label, reason=why)
        return history_page(resource, record_id, wrong=wrong), 422
    return saved(f"{page_of(resource, record_id)}/history", _("The former value is back."))


def page_of(resource: str, record_id: UUID) -> str:
    """Return the address of a record's own page."""
    endpoint, argument = rooms[resource].page
    values: dict[str, Any] = {argument: record_id}
    return url_for(endpoint, **values)


def _check_field(resource: str, returning: Returning, name: str, changes: dict[str, Any]) -> None:
    if not is_told(resource, name, current_member()):
        raise Forbidden(f"{resource}:update")
    change = changes.get(name)
    if name not in returning.schema.model_fields or not isinstance(change, list) or change[0] in NOT_TO_RETURN:
        raise InvalidInput({"field": _("Choose one of the values offered.")})


def _put(returning: Returning, record: Any, name: str, old: Any) -> None:
    patch = patch_of(returning.schema, f"{type(record).__name__}Return", ids_kept=("owner_id",))
    value = returning.read(name, old, record)
    data = parse(patch, {name: value}, input_context())
    returning.update(record, data, actor=current_member(), version=form_version())


def _title(record: Any) -> str:
    return getattr(record, "name", "") or getattr(record, "subject", "") or rooms[record.__resource__].word()
