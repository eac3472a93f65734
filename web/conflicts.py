"""The page for two changes of one record at once, by two people or in two windows: both values, to choose from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import render_template, request
from werkzeug.datastructures import MultiDict

from saas_crm.access import history
from saas_crm.access.field_rules import may_know
from saas_crm.core.forms import Input, from_form
from saas_crm.edge.current import current_member
from saas_crm.edge.input import input_context
from web.customers.picked import added_words
from web.formatting import relative
from web.forms import form_version

Values = Mapping[str, str]


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
) -> str:
    """Return the page that lets the reader choose, field by field, and save on top of the newer version.

    `values_of` gives a record's, or a checked form's, fields as the form writes them; `shown` makes such a
    value readable (a member's name for an id). What the reader did not touch is preselected as it is now.
    `form` is what was sent, with ids for what its pickers had in words, and `new` the values of those whose words
    are to become records (see `web.customers.picked`): they do so when the choice is sent.
    Raises InvalidInput where the form itself is wrong, which its own page then says.
    """
    form, new = request.form if form is None else form, new or {}
    data = from_form(schema, form, input_context(form=True))
    sent = {name for name in labels if name in data.model_fields_set or name in form}
    mine, theirs = {**values_of(data), **new}, values_of(record)
    before = {**theirs, **_before(record, values_of)}
    differing = [name for name in labels if name in sent and mine[name] != theirs[name]]
    change = history.last_change(record)
    fields = [
        {
            "name": name, "label": labels[name], "mine_raw": mine[name], "theirs_raw": theirs[name],
            "mine": added_words(mine[name]) or shown(name, mine[name]), "theirs": shown(name, theirs[name]),
            "untouched": mine[name] == before[name],
        }
        for name in differing
    ]  # fmt: skip
    kept = [(name, mine[name]) for name in sorted(sent) if name not in differing]
    return render_template(
        "errors/409.html", fields=fields, kept=kept, action=action, version=record.version, back_url=back_url,
        who=change.who if change else "", when=relative(change.at if change else None),
        own=change is not None and change.member_id == current_member().id,
    )  # fmt: skip


def _before(record: Any, values_of: Callable[[Any], Values]) -> dict[str, str]:
    """Return the fields that others changed meanwhile, as they were when the reader opened the form."""
    version = form_version()
    if version is None:
        return {}
    told = history.former_values(record, record.version - version).items()
    member, resource = current_member(), record.__resource__
    former = {name: value for name, value in told if may_know(member, resource, name)}
    return {name: value for name, value in values_of(_Former(record, former)).items() if name in former}


class _Former:
    """A record as it was: the audit's values where it has them, the present ones elsewhere."""

    def __init__(self, record: Any, former: Mapping[str, Any]) -> None:
        self._record, self._former = record, former

    def __getattr__(self, name: str) -> Any:
        return self._former[name] if name in self._former else getattr(self._record, name)
