"""What the lists of companies and of contacts have in common."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, render_template, url_for

from saas_crm.access.owners import owner_names
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import pgettext
from saas_crm.core.keyset import Page
from saas_crm.core.numbering.patterns import LONGEST
from saas_crm.core.pinyin import sort_key
from saas_crm.customers import queries
from saas_crm.customers.choosing import name_of, tags_in_use
from saas_crm.customers.models import LIFECYCLES, Company
from saas_crm.customers.queries import COUNTED, CustomerFilter
from saas_crm.edge.current import current_member
from tenants.db import AnyRow
from web.customers.rows import company_rows, contact_rows
from web.customers.values import lifecycles, sorts
from web.forms import is_htmx, wants_part
from web.lists import address, after_key, asked, asked_choice, asked_id, counted, next_url, sorting
from web.numbers import shows_numbers
from web.options import Offered


def asked_filter() -> CustomerFilter:
    """Return what the address narrows the list to."""
    return CustomerFilter(
        q=asked("q"), owner_id=asked_id("owner"), lifecycle=asked_choice("lifecycle", LIFECYCLES), tag=asked("tag"),
        company_id=asked_id("company"), number=asked("number")[:LONGEST],
    )  # fmt: skip


def listed(model: Any) -> dict[str, Any]:
    """Return the asked rows, how many there are on a first page, and the state of search and order."""
    member, wanted = current_member(), asked_filter()
    companies = model is Company
    orders = queries.COMPANY_ORDERS if companies else queries.CONTACT_ORDERS
    sort = asked_choice("sort", orders, "name")
    scope = f"{model.__tablename__}:{sort}"
    after = after_key(scope, orders[sort])
    read = queries.company_rows if companies else queries.contact_rows
    page: Page[AnyRow] = read(member, wanted, sort=sort, after=after, counted=after is None)
    count = page.rows[0].total if page.rows else 0
    if after is not None and not is_htmx():  # a later page on its own; htmx takes its rows only
        count = queries.count_up_to(model, member, wanted)
    log_url = url_for("activities.log") if member.can("activity:create") else ""
    here, coded = url_for(f"{model.__tablename__}.index"), companies and shows_numbers("company")
    rows = company_rows(page.rows, here, log_url, coded=coded) if companies else contact_rows(page.rows, here, log_url)
    return {
        "rows": rows, "next_url": next_url(page, scope), "count": count, "counted": counted(count, COUNTED),
        "columns": _columns(companies, sort, coded=coded), "wanted": wanted, "sort": sort,
        "export_url": address(url_for(f"exports.{model.__tablename__}"), after=None)
        if member.can(f"{model.__resource__}:export") else "",
    }  # fmt: skip


def results(template: str, listing: dict[str, Any]) -> Response:
    """Answer the list alone, and tell htmx the address without the filters that are not set."""
    response = make_response(render_template(template, **listing))
    if wants_part("results"):
        response.headers["HX-Replace-Url"] = address(
            after=None,
            sort=None if listing["sort"] == "name" else listing["sort"],
            company_text=None,
            company_create=None,
        )
    return response


def _columns(companies: bool, sort: str, *, coded: bool) -> list[dict[str, Any]]:
    return [
        sorting(_("Name") if companies else pgettext("person", "Name"), "name", sort),
        *([{"label": pgettext("column", "No.")}] if coded else []),
        {"label": _("City") if companies else _("Company")},
        {"label": _("Lifecycle")}, {"label": _("Owner")},
        {"label": _("Last contact"), "sort": address(sort="-last_activity_at", after=None),
         "sorted": "descending" if sort == "-last_activity_at" else None},
        {"label": _("Call"), "hidden": True},
    ]  # fmt: skip


def filters_of(model: Any, listing: dict[str, Any]) -> dict[str, Any]:
    """Return what the filter bar shows. Its choices come when it is opened, unless something is chosen already."""
    wanted, sort = listing["wanted"], listing["sort"]
    set_now = sum(
        bool(value) for value in (wanted.owner_id, wanted.lifecycle, wanted.tag, wanted.company_id, wanted.number)
    )
    shown = {"filters_set": set_now + (sort != "name"), "values": {}, "filters_open": False}
    if shown["filters_set"] or asked("filters"):
        shown |= {"filters_open": True, **choices_of(model, wanted, sort)}
    return shown


def choices_of(model: Any, wanted: CustomerFilter, sort: str) -> dict[str, Any]:
    """Return what the filters of a list offer, and what is chosen."""
    member = current_member()
    tags = tags_in_use(model, member)
    if wanted.tag and wanted.tag not in tags:
        tags = sorted([*tags, wanted.tag], key=sort_key)
    values = {
        "owner": str(wanted.owner_id or ""), "lifecycle": wanted.lifecycle, "tag": wanted.tag,
        "sort": sort, "company": str(wanted.company_id or ""),
        "company_text": name_of(Company, wanted.company_id, member), "number": wanted.number,
    }  # fmt: skip
    return {
        "values": values, "owners": Offered(owner_names(member, model.__resource__)),
        "lifecycles": lifecycles(), "tags_offered": [(tag, tag) for tag in tags], "sorts": sorts(model is Company),
        "coded": model is Company and shows_numbers("company"),
    }  # fmt: skip
