"""What happened to my sign-in: the person's own log, of all their workspaces."""

from __future__ import annotations

from flask import render_template

from saas_crm.access.sign_in_log import KEPT, ORDER, own_log
from saas_crm.edge.current import signed_in_user
from saas_crm.edge.declared import signed_in
from web.account.blueprint import bp
from web.history.lines import ICONS, origin_told
from web.history.words import verb
from web.lists import after_key, next_url

REFUSED = frozenset({"sign_in_failed", "code_refused", "passkey_refused"})


@bp.get("/profile/sign-ins")
@signed_in
def show_sign_ins() -> str:
    """List sign-ins, refusals and changes of what signs the reader in, newest first."""
    page = own_log(signed_in_user().id, after=after_key("sign_ins", ORDER))
    rows = [
        {"id": row.id, "at": row.at, "verb": verb(row.action), "icon": ICONS.get(row.action, "circle-dot"),
         "origin": origin_told(row.origin), "refused": row.action in REFUSED}
        for row in page.rows
    ]  # fmt: skip
    return render_template("account/sign_ins.html", rows=rows, next_url=next_url(page, "sign_ins"), days=KEPT.days)
