"""Which pages there are, and what stands behind their addresses; a route that answers GET is in one of these lists.

The lists are by who looks and where; what is no page is named in NO_PAGES.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flask import Flask

Ends = Mapping[str, tuple[str, ...]]

# endpoint: what stands behind its address, once for each look at it
LISTS: Ends = {
    "today.index": ("",), "companies.index": ("", "?q=nobody", "?filters=1"), "contacts.index": ("",),
    "board.index": ("", "?view=list"), "search.index": ("", "?q=maschinen"), "recycle_bin.index": ("",),
}  # fmt: skip
RECORDS: Ends = {
    "companies.show": ("?part=details",), "contacts.show": ("",), "opportunities.show": ("",),
    "activities.show": ("",),
    "sharing.show_company": ("",), "sharing.show_contact": ("",), "sharing.show_opportunity": ("",),
    "privacy.show": ("",), "privacy.preview": ("",), "privacy.everything": ("",),
}  # fmt: skip
HISTORIES: Ends = {
    "companies.company_history": ("",), "contacts.contact_history": ("",), "opportunities.deal_history": ("",),
    "activities.activity_history": ("",),
}  # fmt: skip
FORMS: Ends = {
    "companies.new": ("",), "companies.edit": ("",), "contacts.new": ("",), "contacts.edit": ("",),
    "opportunities.new": ("",), "opportunities.edit": ("",), "opportunities.closure": ("?outcome=lost", "?outcome=won"),
    "activities.new": ("",), "activities.edit": ("",), "activities.log": ("",),
}  # fmt: skip
SETTINGS: Ends = {
    "account.show_setup": ("",), "settings_workspace.index": ("",), "settings_workspace.edit": ("",),
    "settings_members.index": ("", "?q=nobody", "?filters=1"), "settings_members.show": ("",),
    "settings_members.show_invite": ("",), "settings_teams.index": ("",), "settings_teams.show": ("",),
    "settings_teams.choose_place": ("",), "settings_pipelines.index": ("",),
    "settings_pipelines.edit": ("",), "settings_pipelines.name": ("",), "settings_tokens.index": ("",),
    "settings_roles.index": ("",), "settings_roles.show": ("",), "settings_roles.new": ("",),
    "settings_roles.deletion": ("",), "settings_access.show": ("",),
    "settings_audit.index": ("", "?action=create", "?action=purge"), "settings_audit.keep": ("",),
    "settings_sharing.edit": ("",), "settings_security.edit": ("",), "settings_security.edit_entry": ("",),
    "settings_security.edit_sso": ("",),
    "exports.index": ("",),
    "api_documents.docs": ("",), "api_documents.docs_section": ("",),
}  # fmt: skip
WORKSPACE: Ends = {
    "settings_numbering.index": ("",), "settings_numbering.edit": ("",),
    "settings_address.edit": ("",), "settings_appearance.edit": ("",), "settings_archives.index": ("",),
    "settings_deletion.show": ("",), "support.show": ("",), "settings_domain.edit": ("",),
}  # fmt: skip
PRIVACY: Ends = {
    "privacy.index": ("",), "privacy.show_register": ("",), "privacy.new_entry": ("",), "privacy.edit_entry": ("",),
    "privacy.certificates": ("",), "privacy.certificate": ("",), "privacy.open_register": ("",),
}  # fmt: skip
HANDING_OVER: Ends = {
    "hand_overs.index": ("",), "hand_overs.new": ("",), "hand_overs.show": ("",), "hand_overs.show_briefs": ("",),
    "hand_overs.received": ("",),
}  # fmt: skip
INSIDE: Mapping[str, Ends] = {
    "lists": LISTS,
    "records": RECORDS,
    "histories": HISTORIES,
    "forms": FORMS,
    "settings": SETTINGS,
    "workspace": WORKSPACE,
}
ALONE: Ends = {
    "account.workspaces": ("",),
    "account.profile": ("",),
    "account.show_password_form": ("",),
    "account.show_browsers": ("",),
    "account.show_sign_ins": ("",),
    "account.show_passkeys": ("",),
    "account.show_proof": ("",),
    "account.show_email": ("",),
}
OUTSIDE: Ends = {
    "public.index": ("",), "public.show_signup": ("",), "account.show_sign_in": ("",), "account.show_forgot": ("",),
    "account.show_reset": ("",), "account.show_verify": ("",), "account.show_invitation": ("",),
    "dev_mail.index": ("",), "dev_mail.show": ("",),
}  # fmt: skip
BY_SSO: Ends = {"account.begin_sso": ("", "?next=/acme/companies")}
NO_PAGES = {
    "parts of pages": {
        "companies.filters", "companies.twins", "contacts.filters", "contacts.twins", "board.cards",
        "pickers.companies", "pickers.contacts", "pickers.customers", "pickers.members", "public.follow_country",
        "settings_members.filters", "settings_numbering.preview", "public.slug_state", "public.slug_suggestion",
    },
    "for paper": {
        "hand_overs.print_briefs", "hand_overs.print_received", "privacy.certificate_file", "privacy.register_file",
        "privacy.everything_pdf",
    },
    "for machines": {
        "today.manifest", "account.show_photo", "asked.may_serve", "health.healthz", "health.readyz", "metrics.metrics",
    },
    "only leads on": {
        "public.language", "settings_members.begin", "hand_overs.begin", "account.end_sso",
        "support.enter",
    },
    "files": {
        "exports.companies", "exports.contacts", "exports.opportunities", "exports.activity_file",
        "settings_audit.export", "privacy.everything_json", "settings_archives.download",
        "settings_appearance.show_logo", "settings_appearance.accent_style", "operators.export_billing",
    },
    "looked at in test_two_factor": {
        "account.show_code_form", "account.show_two_factor", "account.show_app", "account.show_renewal",
        "account.show_removal",
    },
    "looked at in test_operators": {
        "operators.show_sign_in", "operators.show_code", "operators.show_set_up", "operators.index", "operators.show",
        "operators.capacity", "operators.list_acts", "operators.show_work",
        "operators.list_backups", "operators.show_backup", "operators.show_offer", "operators.show_billing",
        "operators.show_upload", "operators.show_upload_over", "operators.list_events", "operators.show_deletion",
        "operators.show_deleting", "operators.list_certificates", "operators.show_certificate",
    },
    "looked at in test_billing_pages": {
        "billing.index", "billing.show_plans", "billing.list_invoices", "billing.show_change",
        "billing.show_cancellation", "billing.returned", "pricing.show", "settings_members.show_seats",
    },
    "looked at in test_confirming": {"billing.show_confirmation"},
    "looked at in test_email_change": {"account.show_email_confirmation", "account.show_email_undo"},
    "looked at in test_styleguide": {"styleguide.show", "styleguide.error", "styleguide.pick"},
}  # fmt: skip


def addresses(app: Flask, ends: Ends, values: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Yield the address of each look at pages; `values` are those that addresses need."""
    adapter = app.url_map.bind("localhost")
    kinds = {"sharing.show_contact": "contact_id", "sharing.show_opportunity": "opportunity_id"}
    for endpoint, behind in ends.items():
        named = {"record_id": values[kinds[endpoint]]} if endpoint in kinds else {}
        path = adapter.build(endpoint, {**values, **named}, append_unknown=False)
        yield from (f"{prefix}{path}{end}" for end in behind)
