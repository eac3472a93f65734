"""The operators' own log."""

from __future__ import annotations

from flask import render_template

from saas_crm.edge.declared import operators_only
from saas_crm.operators.acts import acts
from web.lists import address, asked_choice, asked_id
from web.operators import words
from web.operators.blueprint import bp
from web.operators.frame import frame

PAGE = 50


@bp.get("/log")
@operators_only
def list_acts() -> str:
    """List what operators did, the latest first; also what commands did."""
    act = asked_choice("act", words.acts())
    rows = acts(act=act, before=asked_id("before"), limit=PAGE)
    return render_template(
        "operators/acts.html", rows=rows[:PAGE], words=words, act=act,
        next_url=address(before=str(rows[PAGE - 1].id)) if len(rows) > PAGE else "", **frame("acts"),
    )  # fmt: skip
