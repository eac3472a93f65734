"""Two changes of one record at once, by two people or in two windows: merged, or both values to choose from.

What the form began with is known from the audit log. So what only the reader changed stays theirs, what only the other
one changed stays as it is now, and the reader is asked about what both changed, if there is any such field.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from flask import render_template, request
from sqlalchemy import Uuid, inspect
from werkzeug.datastructures import MultiDict

from saas_crm.access import history
from saas_crm.access.field_rules import may_know
from saas_crm.core.forms import Input, from_form
from saas_crm.edge.current import current_member
from saas_crm.edge.input import input_context
from web.customers.picked import added_words
from web.formatting import relative
from web.forms import form_version
from web.merging import Merged

Values = Mapping[str, str]
BESIDE = ("next",)
"""What a form sends that is no field of its record, and is sent along."""


def conflict_page(
    record: Any,
    schema: type[Input],
    values_of: Callable[[Any], Values],
    labels: Mapping[str, str],
    *,
    action: str,
    back_url: str,
    shown: Callable[[str, str], str] = lambda _name, value: value,
    form: MultiDict[str, str] | None = None,
    new: Mapping[str, str] | None = None,
) -> str | Merged:
    """Return what is to be saved where the two changes do not meet, else the page that asks about where they do.

    `values_of` gives a record's, or a checked form's, fields as the form writes them; `shown` makes such a
    value readable (a member's name for an id). Where the log cannot tell what the form began with, the page asks about
    all that differs.
    `form` is what was sent, with ids for what its pickers had in words, and `new` the values of those whose words
    are to become records (see `web.customers.picked`): they do so when the choice is sent.
    Raises InvalidInput where the form itself is wrong, which its own page then says.
    """
    form, new = request.form if form is None else form, new or {}
    data = from_form(schema, form, input_context(form=True))
    sent = [name for name in labels if name in data.model_fields_set or name in form]
    mine, theirs = {**values_of(data), **new}, values_of(record)
    before = _before(record, values_of)
    differing = [name for name in sent if mine[name] != theirs[name]]
    taken = [name for name in differing if before is not None and mine[name] == before[name]]
    asked = [name for name in differing if name not in taken and (before is None or theirs[name] != before[name])]
    kept = [(name, theirs[name] if name in taken else mine[name]) for name in sent if name not in asked]
    change = history.last_change(record)
    who, own = (change.who, change.member_id == current_member().id) if change else ("", False)
    if not asked:
        beside = [(name, form[name]) for name in BESIDE if name in form]
        return Merged([*kept, *beside, ("version", str(record.version))], [labels[name] for name in taken], who, own)
    fields = [
        {
            "name": name, "label": labels[name], "mine_raw": mine[name], "theirs_raw": theirs[name],
            "mine": added_words(mine[name]) or shown(name, mine[name]), "theirs": shown(name, theirs[name]),
        }
        for name in asked
    ]  # fmt: skip
    return render_template(
        "errors/409.html", fields=fields, kept=kept, action=action, version=record.version, back_url=back_url,
        who=who, when=relative(change.at if change else None), own=own, taken=[labels[name] for name in taken],
        held=[labels[name] for name in differing if name not in taken and name not in asked],
    )  # fmt: skip


def _before(record: Any, values_of: Callable[[Any], Values]) -> Values | None:
    """Return the fields as they were when the reader opened the form; None where that is not known.

    Raises VersionConflict where it was saved once more at this very moment.
    """
    version = form_version()
    told = None if version is None else history.values_since(record, version)
    if told is None:
        history.check_still(record)
        return None
    member, resource = current_member(), record.__resource__
    return values_of(_Former(record, {name: value for name, value in told.items() if may_know(member, resource, name)}))


class _Former:
    """A record as it was: the audit's values where it has them, the present ones elsewhere."""

    def __init__(self, record: Any, former: Mapping[str, Any]) -> None:
        self._record = record
        ids = {column.key for column in inspect(type(record)).column_attrs if isinstance(column.columns[0].type, Uuid)}
        self._former = {
            name: UUID(value) if name in ids and value is not None else value for name, value in former.items()
        }

    def __getattr__(self, name: str) -> Any:
        return self._former[name] if name in self._former else getattr(self._record, name)
