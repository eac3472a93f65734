"""The settings: their menu, and the workspace's name, languages, country, currency, time zone and financial year."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, current_app, g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from saas_crm.access.numbering import numbers_kept
from saas_crm.access.role_rules import OWNER
from saas_crm.access.workspace import registered, update_workspace
from saas_crm.access.workspace_schemas import WorkspaceWrite
from saas_crm.core.fiscal import MONTHS
from saas_crm.core.forms import parse
from saas_crm.core.i18n import LANGUAGES, spoken
from saas_crm.core.i18n import gettext as _
from saas_crm.core.places import country_names, currency_names, timezones, zone_names
from saas_crm.demo.samples import has_sample_data
from saas_crm.edge.current import current_member, directory, settings
from saas_crm.edge.declared import requires
from saas_crm.edge.input import input_context
from saas_crm.edge.viewing import viewing
from saas_crm.opportunities.queries import any_opportunity
from saas_crm.workspaces.archives import may_take_everything
from saas_crm.workspaces.ending import GRACE
from tenants.one_at_a_time import let_go
from tenants.versions import lacks_tables
from web.formatting import month_name
from web.forms import saved, shown_again

bp = Blueprint("settings_workspace", __name__)


@dataclass(frozen=True, slots=True)
class Section:
    """One line of the settings' menu."""

    href: str
    title: str
    text: str
    icon: str
    group: str = "general"


GROUP_OF = {
    "settings_members": "people", "settings_teams": "people", "settings_roles": "people", "settings_sharing": "people",
    "settings_security": "people", "hand_overs": "people", "settings_tokens": "people", "exports": "data",
    "settings_archives": "data", "privacy": "data", "support": "data", "settings_audit": "data",
    "settings_deletion": "data", "billing": "general",
}  # fmt: skip
"""Under which heading a section stands, by its blueprint; without one under the first."""


def _grouped(sections: list[Section]) -> list[tuple[str, list[Section]]]:
    """Return the sections under their headings, in the order in which they come."""
    titles = {"general": _("General"), "people": _("People and access"), "data": _("Data"), "own": _("My settings")}
    groups = ((title, [one for one in sections if one.group == group]) for group, title in titles.items())
    return [(title, found) for title, found in groups if found]


@bp.get("/settings")
@requires("workspace:read")
def index() -> str:
    """Show the sections this member may open."""
    may_fill = current_member().can("workspace:update")
    return render_template(
        "settings/index.html", groups=_grouped(_sections()), may_fill=may_fill,
        has_sample=may_fill and has_sample_data(g.tenant),
    )  # fmt: skip


def _sections() -> list[Section]:
    member = current_member()
    rows = (
        ("workspace:update", "settings_workspace.edit", _("Workspace"),
         _("Name, languages, country, currency, time zone, financial year"), "building-2"),
        ("workspace:update", "settings_appearance.edit", _("Appearance"), _("Logo and accent colour"), "palette"),
        ("workspace:update", "settings_address.edit", _("Web address"),
         _("What stands in every link to this workspace"), "link"),
        ("workspace:update", "settings_domain.edit", _("Own domain"),
         _("Serve this workspace at an address such as crm.acme.example"), "globe"),
        *([("workspace:update", "settings_numbering.index", _("Numbering"),
            _("Customer and deal numbers"), "tag")] if numbers_kept() else []),
        *([("billing:read", "billing.index", _("Billing"), _("Plan, seats, payment and invoices"), "wallet")]
          if settings().bills else []),
        ("member:read", "settings_members.index", _("Members"), _("Who works here, and who may do what"), "users"),
        ("team:read", "settings_teams.index", _("Teams"), _("How you are organised, and who leads whom"), "network"),
        ("role:read", "settings_roles.index", _("Roles"), _("What each role sees and may do"), "shield-check"),
        ("workspace:update", "settings_sharing.edit", _("Sharing"),
         _("Whether who sees a customer sees what hangs on it"), "share-2"),
        ("workspace:update", "settings_security.edit", _("Security"),
         _("Two-factor sign-in, sessions, networks"), "key-round"),
        ("pipeline:update", "settings_pipelines.index", _("Sales stages"),
         _("The steps a deal goes through, and their chances"), "milestone"),
        ("hand_over:read", "hand_overs.index", _("Hand-overs"),
         _("Give what somebody looked after to others, and take it back"), "send"),
        ("token:read", "settings_tokens.index", _("API tokens"),
         _("Let programs and devices work in your name"), "zap"),
        ("activity:export", "exports.index", _("Export"), _("Take your data out as files"), "download"),
        ("workspace:update", "settings_archives.index", _("Archive"),
         _("Take the whole workspace along as one file"), "archive"),
        ("privacy:read", "privacy.index", _("Privacy"),
         _("What you do with personal data, and who was erased"), "lock"),
        ("workspace:update", "support.show", _("Support access"),
         _("Let those who run this service look in, for a while"), "eye"),
        ("audit:read", "settings_audit.index", _("Audit log"), _("Who did what, when and from where"), "history"),
    )  # fmt: skip
    sections = [
        Section(url_for(endpoint), title, text, icon, GROUP_OF.get(endpoint.partition(".")[0], "general"))
        for permission, endpoint, title, text, icon in rows
        if member.can(permission)
        and endpoint in current_app.view_functions
        and (endpoint != "settings_archives.index" or may_take_everything(member))
    ]
    if member.role_key == OWNER:
        sections.append(Section(
            url_for("settings_deletion.show"), _("Delete the workspace"),
            _("With everything in it, after %(days)s days", days=GRACE.days), "trash-2", "data",
        ))  # fmt: skip
    hours = Section(
        url_for("settings_members.show", member_id=member.id), _("My working hours"),
        _("When you work, and who stands in for you"), "clock", "own",
    )  # fmt: skip
    if member.can("member:read"):
        sections.append(hours)
    words = _("Your name, photo, language, password and browsers")
    mine = Section("/profile", _("My profile"), words, "user", "own")
    return sections if viewing() else [*sections, mine]


def workspace_form(values: Mapping[str, Any] | None = None, errors: Mapping[str, str] | None = None) -> str:
    """Show the workspace's settings, with what was typed if that was refused."""
    let_go()
    stored, ways = registered(g.tenant), current_member().ways
    decided = {"fiscal_month": ways.fiscal_month, "languages": list(ways.languages)}
    shown = {**stored, **decided, **(values or {})}
    zones = tuple(sorted(timezones() | {stored["timezone"]}))
    begins = [(number, month_name(number)) for number in MONTHS]
    return render_template(
        "settings/workspace.html", values=shown, errors=errors or {}, has_deals=any_opportunity(),
        address=f"{request.host_url.rstrip('/')}{request.script_root}/", locales=list(LANGUAGES.items()),
        countries=country_names(spoken()), currencies=currency_names(spoken()), zones=zone_names(zones, spoken()),
        months=begins, decides=not lacks_tables(g.tenant),
    )  # fmt: skip


def _sent() -> dict[str, Any]:
    """Return what the form says; of its boxes all that are ticked."""
    sent: dict[str, Any] = {name: request.form[name] for name in WorkspaceWrite.model_fields if name in request.form}
    if "languages" in sent:
        sent["languages"] = [code for code in request.form.getlist("languages") if code]
    return sent


@bp.get("/settings/workspace")
@requires("workspace:update")
def edit() -> str:
    """Show the workspace's settings."""
    return workspace_form()


@bp.post("/settings/workspace")
@requires("workspace:update")
@shown_again(workspace_form, lists=("languages",))
def update() -> ResponseReturnValue:
    """Save the workspace's settings."""
    has_deals = any_opportunity()
    sent = _sent()
    if has_deals:
        let_go()
        sent["currency"] = registered(g.tenant)["currency"]
    data = parse(WorkspaceWrite, sent, input_context(form=True))
    update_workspace(data, actor=current_member(), tenant=g.tenant, directory=directory(), has_deals=has_deals)
    return saved(url_for("settings_workspace.edit"), _("Saved."))
