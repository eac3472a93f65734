"""The options of a select, which are written once for the same ones, and those of owners, told in one text."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from markupsafe import Markup
from sqlalchemy import select

from saas_crm.access.models import Member
from saas_crm.access.owners import owner_names
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.queries import name_key
from tenants.db import db
from tests.support.cast import Cast
from web.opportunities.filters import owner_choices
from web.options import Offered, option_tags

Acting = Callable[[str], AbstractContextManager[CurrentMember]]
AWKWARD = '<b>"R&D" value="a"</b>'


@pytest.mark.parametrize("kind", [list, tuple, Offered])
def test_the_chosen_one_is_marked_and_nothing_is_taken_for_markup(kind: Callable[..., object]) -> None:
    options = kind([("a", AWKWARD), ('"b&', "B"), ("", "None")])
    label = "&lt;b&gt;&#34;R&amp;D&#34; value=&#34;a&#34;&lt;/b&gt;"
    others = '<option value="&#34;b&amp;">B</option><option value="">None</option>'
    assert option_tags(options, "a") == f'<option value="a" selected>{label}</option>{others}'
    assert option_tags(options, None) == f'<option value="a">{label}</option>{others}'
    assert '<option value="&#34;b&amp;" selected>B' in option_tags(options, '"b&')
    assert '<option value="" selected>None' in option_tags(options, "")


def test_options_with_more_to_say_are_written_as_they_are() -> None:
    shut = {"value": 1, "label": Markup("<i>One</i>"), "disabled": True}
    assert option_tags([shut, (2, "Two")], 1) == (
        '<option value="1" selected disabled>&lt;i&gt;One&lt;/i&gt;</option><option value="2">Two</option>'
    )


def test_owners_stand_by_name_and_the_same_ones_are_not_put_in_order_again(acting: Acting, cast: Cast) -> None:
    with acting("owner") as owner:
        rows = db.session.execute(select(Member.id, Member.name).where(Member.status == "active")).all()
        names = owner_names(owner, "opportunity")
        assert names == tuple((str(key), name) for key, name in sorted(rows, key=lambda row: name_key(row.name)))
        assert owner_names(owner, "opportunity") is names
        member = db.session.get_one(Member, cast["rep"].member_id)
        member.name = '阿 "q" \\ <b>'
        db.session.flush()
        assert (str(member.id), member.name) in owner_names(owner, "opportunity")
    with acting("rep") as rep:
        choices = owner_choices(rep)
        assert choices[0][0] == "me"
        assert str(rep.id) not in dict(choices)
        assert owner_choices(rep) is choices
        assert {key for key, _ in choices[1:]} == {key for key, _ in owner_names(rep, "opportunity")} - {str(rep.id)}
