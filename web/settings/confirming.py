"""Whom a change touches is shown first: it is foreseen, tried, and undone where it has to be confirmed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from flask import render_template, request

from saas_crm.access.preview import Preview
from saas_crm.core.errors import NotFound
from tenants.context import current_tenant
from tenants.db import db
from tenants.versions import lacks_tables
from web.settings.previews import shown_preview

Done = TypeVar("Done")
NOT_KEPT = ("csrf_token", "confirmed", "again")


class AskedFirst(Exception):
    """The change touches somebody and was not confirmed."""

    def __init__(self, preview: Preview) -> None:
        super().__init__("to be confirmed")
        self.preview = preview


def once_confirmed(act: Callable[[], Done], foresee: Callable[[], Preview]) -> Done:
    """Do it, if it touches nobody or was confirmed: by the form, or by the address that undoes it.

    Raises AskedFirst, and what `act` raises. It is done in any case and undone where it has to be confirmed: so what is
    wrong with it is told before anybody is asked.
    """
    preview = None if "confirmed" in request.values else _foreseen(foresee)
    done = act()
    if preview:
        db.session.rollback()
        raise AskedFirst(preview)
    return done


def _foreseen(foresee: Callable[[], Preview]) -> Preview | None:
    """Return what would be; what is not there at all is told by the change itself.

    Nothing is foreseen in a workspace that is a release behind: what it takes has no tables there, and the release
    before changed without asking.
    """
    if lacks_tables(current_tenant()):
        return None
    try:
        return foresee()
    except NotFound:
        return None


def sent() -> list[tuple[str, str]]:
    """Return the fields of the form, to be sent again."""
    return [(name, value) for name, values in request.form.lists() for value in values if name not in NOT_KEPT]


def confirm_page(
    preview: Preview,
    *,
    title: str,
    action: str,
    back_url: str,
    kept: Iterable[tuple[str, str]],
    again: bool = False,
    told: str = "",
) -> str:
    """Show whom a change touches, and ask whether it is meant; `told` says what was chosen, where nothing else does.

    With `again` the way back is the form with what was typed, as `shown_again` shows it; else it is a page.
    """
    return render_template(
        "settings/preview.html", title=title, action=action, kept=list(kept), back_url=back_url, again=again, told=told,
        **shown_preview(preview),
    )  # fmt: skip
