"""A search reads what it finds and not what there is, and so does a list of what a member sees by its customer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date

import pytest
from psycopg import sql
from sqlalchemy import text

from saas_crm.access import few
from saas_crm.access.permissions import CurrentMember
from saas_crm.customers.queries import CustomerFilter, company_rows, contact_rows
from saas_crm.opportunities import board
from saas_crm.opportunities.queries import DealFilter, opportunity_rows
from saas_crm.search.actions import Findable, put_all
from saas_crm.search.queries import find
from tenants.db import db, new_id
from tests.conftest import Stage
from tests.support.cast import Cast
from tests.support.installation import Installation
from tests.support.making import Maker
from tests.support.making import acting as acting_as
from tests.support.plans import rows_touched

Acting = Callable[[str], AbstractContextManager[CurrentMember]]
MANY, MOST = 20_000, 1_200
COMMON = MANY // 20
SYLLABLES = ("ba", "ce", "di", "fo", "gu", "ha", "ke", "li", "mo", "nu")
COMPANIES = """INSERT INTO companies (id, name, sort_name, name_key, owner_id)
    SELECT gen_random_uuid(), n, lpad(n::text, 5, '0'), n, :owner FROM generate_series(1, :many) AS n"""
CONTACTS = """INSERT INTO contacts (id, name, sort_name, company_id, owner_id)
    SELECT gen_random_uuid(), name, sort_name, id, owner_id FROM companies"""
DEALS = """INSERT INTO opportunities
        (id, name, pipeline_id, stage_id, amount, currency, company_id, contact_id, owner_id)
    SELECT gen_random_uuid(), c.name, s.pipeline_id, s.id, 100, 'USD', CASE WHEN c.n % 2 = 0 THEN c.company_id END,
        c.id, :colleague
    FROM (SELECT *, row_number() OVER () AS n FROM contacts LIMIT 4000) c,
        (SELECT * FROM stages WHERE kind = 'open' ORDER BY position LIMIT 1) s"""


def name_of(number: int) -> str:
    return " ".join("".join(SYLLABLES[int(digit)] for digit in f"{number * step % 9973:04}") for step in (7, 31))


@pytest.fixture(scope="module")
def many(stage: Stage) -> Iterator[Stage]:
    """Many entries of the search index, and two that differ, known to the planner; the words are only sought."""
    app, cast, installation = stage.installation.app, stage.cast, stage.installation
    with acting_as(app, cast, "owner") as owner:
        entries = [Findable("company", new_id(), name_of(number), owner_id=owner.id) for number in range(MANY)]
        for first in range(0, MANY, 2_000):
            put_all(db.session(), entries[first : first + 2_000])
    for name in ("Zwölfender & Söhne", "鹤壁机械"):
        Maker(app, cast).company("owner", name=name)
    analyze(cast, installation, "search_entries")
    yield stage
    stage.pristine.restore()


def analyze(cast: Cast, installation: Installation, *tables: str) -> None:
    schema = cast.tenants["acme"].schema_name
    with installation.place.owner() as connection:
        for table in tables:
            connection.execute(sql.SQL("VACUUM (ANALYZE) {}").format(sql.Identifier(schema, table)))


@pytest.fixture
def customers(acting: Acting, cast: Cast, installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many companies with a contact each, all of them Rita's; nothing is known of how many there were before."""
    monkeypatch.setattr(few, "_known", {})
    with acting("owner"):
        db.session.execute(text(COMPANIES), {"owner": cast["rep"].member_id, "many": MANY})
    # Before the contacts: a connection may keep a plan of the foreign key's check from when there were few companies.
    analyze(cast, installation, "companies")
    with acting("owner"):
        db.session.execute(text(CONTACTS))
    analyze(cast, installation, "contacts")


@pytest.mark.parametrize("who", ["owner", "teammate", "manager"])
@pytest.mark.usefixtures("customers")
def test_a_common_word_is_not_looked_for_in_all_one_sees(
    who: str, acting: Acting, cast: Cast, installation: Installation
) -> None:
    """One company of twenty is called so; how many that are the planner cannot know, nor how many are the reader's."""
    with acting("owner"):
        named = db.session.execute(text("SELECT id, owner_id FROM companies WHERE name_key::int % 20 = 0"))
        put_all(db.session(), [Findable("company", key, "深圳", owner_id=owner) for key, owner in named])
    analyze(cast, installation, "search_entries")
    with acting(who) as member:
        page = company_rows(member, CustomerFilter(q="深圳"), limit=20, counted=True)
        assert (len(page.rows), page.rows[0].total) == (20, COMMON)
        read, statement = rows_touched(lambda: company_rows(member, CustomerFilter(q="深圳"), limit=20, counted=True))
        assert read <= 4 * COMMON, (read, statement)


@pytest.mark.usefixtures("customers")
def test_a_page_of_contacts_looks_up_its_own_companies_alone(acting: Acting) -> None:
    with acting("teammate") as teammate:
        assert len(contact_rows(teammate, CustomerFilter(), limit=20).rows) == 20
        read, statement = rows_touched(lambda: contact_rows(teammate, CustomerFilter(), limit=20))
        assert read <= MOST, (read, statement)


@pytest.mark.usefixtures("customers")
def test_a_page_of_deals_looks_up_its_own_customers_alone(
    acting: Acting, cast: Cast, installation: Installation
) -> None:
    """A colleague's deals of companies and of contacts, all seen through them."""
    with acting("owner"):
        db.session.execute(text("SET LOCAL crm.totals = 'later'"))  # a trigger counts each deal: nobody asks here
        db.session.execute(text(DEALS), {"colleague": cast["colleague"].member_id})
    analyze(cast, installation, "opportunities")
    with acting("teammate") as teammate:
        assert len(opportunity_rows(teammate, DealFilter(), limit=20).rows) == 20
        read, statement = rows_touched(lambda: opportunity_rows(teammate, DealFilter(), limit=20))
        assert read <= MOST, (read, statement)
        columns = board.board(teammate, currency="USD", today=date(2030, 1, 1)).columns
        assert columns[0].count == 0, "the board is of what one answers for"


@pytest.mark.newest  # the index is one of those that 0004 makes
@pytest.mark.parametrize("word", ["Zwölfender", "wölfen", "鹤壁", "hebi"])
def test_a_search_reads_what_it_finds(word: str, many: Stage) -> None:
    with acting_as(many.installation.app, many.cast, "owner") as owner:
        for search in (lambda: find(word, owner), lambda: company_rows(owner, CustomerFilter(q=word)).rows):
            assert len(search()) == 1
            read, statement = rows_touched(search)
            assert read <= MOST, (read, statement)
