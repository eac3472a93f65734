"""The pages of roles, and what their forms send."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from html import unescape
from typing import Any

from sqlalchemy import select

from saas_crm.access.models import Role
from saas_crm.access.permissions import CurrentMember
from tenants.db import db, new_id
from tests.support.clients import Browser

ClientFor = Callable[..., Browser]
Acting = Callable[[str], AbstractContextManager[CurrentMember]]


def pages_of(acting: Acting) -> dict[str, str]:
    """Return the address of the page of each built-in role."""
    with acting("owner"):
        return {role.key or "": f"/acme/settings/roles/{role.id}" for role in db.session.scalars(select(Role))}


def form_of(browser: Browser, page: str, **changes: str) -> dict[str, Any]:
    """Return what the form on a page sends, with some fields changed; a field changed to "-" is not sent."""
    text = browser.get(page).text
    sent: dict[str, Any] = {name: value_of(text, name) for name in ("version", "record_id", "like")}
    sent["name"] = unescape("".join(re.findall(r'name="name"[^>]*value="([^"]*)"', text)[:1]))
    for name, body in re.findall(r'<select[^>]*name="([a-z_]+)"(.*?)</select>', text, re.S):
        found = re.search(r'value="([a-z]*)" selected', body)
        sent[name] = found[1] if found else ""
    for name, rest in re.findall(r'<input type="checkbox"[^>]*name="([a-z_]+)" value="all"([^>]*)>', text):
        sent[name] = "all" if "checked" in rest else ""
    return {name: text for name, text in {**sent, **changes}.items() if text not in (None, "-")}


def value_of(text: str, name: str) -> str | None:
    """Return the value of a field on a page."""
    found = re.search(rf'name="{name}" value="([^"]*)"', text)
    return found[1] if found else None


def stored(acting: Acting, key: str) -> dict[str, str]:
    """Return what is stored of a built-in role."""
    with acting("owner"):
        return dict(db.session.scalars(select(Role.permissions).where(Role.key == key)).one())


def own_role(acting: Acting, name: str = "Partners", **permissions: str) -> str:
    """Make a role and return the address of its page."""
    with acting("owner"):
        role = Role(
            id=new_id(), name=name, permissions=permissions or {"company:read": "own", "contact.phone": "hidden"}
        )
        db.session.add(role)
        return f"/acme/settings/roles/{role.id}"
