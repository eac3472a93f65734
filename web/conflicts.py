"""The page for two people who changed one record at once: both values of each field, to choose from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import render_template, request

from saas_crm.access import history
from saas_crm.core.forms import Input, from_form
from saas_crm.edge.input import input_context
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
) -> str:
    """Return the page that lets the reader choose, field by field, and save on top of the newer version.

    `values_of` gives a record's, or a checked form's, fields as the form writes them; `shown` makes such a
    value readable (a member's name for an id). What the reader did not touch is preselected as it is now.
    Raises InvalidInput where the form itself is wrong, which its own page then says.
    """
    data = from_form(schema, request.form, input_context(form=True))
    sent = {name for name in data.model_fields_set if name in labels}
    mine, theirs = values_of(data), values_of(record)
    before = {**theirs, **_before(record, values_of)}
    differing = [name for name in labels if name in sent and mine[name] != theirs[name]]
    who, when = history.last_change(record.id) or ("", None)
    fields = [
        {
            "name": name, "label": labels[name], "mine_raw": mine[name], "theirs_raw": theirs[name],
            "mine": shown(name, mine[name]), "theirs": shown(name, theirs[name]),
            "untouched": mine[name] == before[name],
        }
        for name in differing
    ]  # fmt: skip
    kept = [(name, mine[name]) for name in sorted(sent) if name not in differing]
    return render_template(
        "errors/409.html", fields=fields, kept=kept, action=action, version=record.version, who=who,
        when=relative(when), back_url=back_url,
    )  # fmt: skip


def _before(record: Any, values_of: Callable[[Any], Values]) -> dict[str, str]:
    """Return the fields that others changed meanwhile, as they were when the reader opened the form."""
    version = form_version()
    if version is None:
        return {}
    former = history.former_values(record.id, record.version - version)
    return {name: value for name, value in values_of(_Former(record, former)).items() if name in former}


class _Former:
    """A record as it was: the audit's values where it has them, the present ones elsewhere."""

    def __init__(self, record: Any, former: Mapping[str, Any]) -> None:
        self._record, self._former = record, former

    def __getattr__(self, name: str) -> Any:
        return self._former[name] if name in self._former else getattr(self._record, name)
