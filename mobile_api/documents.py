"""The description for programs (OpenAPI 3.1) and for people (a page drawn from it here, without any script)."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from flask import Blueprint, Response, render_template, request
from markupsafe import Markup, escape

from mobile_api.limiting import count_request, tell_limit
from mobile_api.reading import if_none_match_holds
from mobile_api.reference import Reference, Section, reference
from mobile_api.registry import BASE, PARAGRAPHS, TAGS, document, server
from saas_crm.core.errors import NotFound
from saas_crm.core.i18n import LANGUAGES, html_lang, in_language, spoken
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.declared import public
from tenants.marks import N_

bp = Blueprint("api_documents", __name__, url_prefix=BASE, template_folder="templates")
bp.before_request(count_request)
bp.after_request(tell_limit)
STYLES = (Path(__file__).parent / "static" / "reference.css").read_text("utf-8")
POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(hashlib.sha256(STYLES.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The page needs nothing but its own styles, which stand in it: the policy names them by their digest."""


@bp.get("/openapi.json")
@public("workspace")
def openapi() -> Response:
    """Answer with the description of this workspace's API; it tells nothing about the workspace itself."""
    body = orjson.dumps({**document(), "servers": [server(request.script_root)]})
    return _revalidated(Response(body, content_type="application/json"))


HEADINGS = {
    "tokens": N_("Tokens"), "me": N_("Myself"), "companies": N_("Companies"), "contacts": N_("Contacts"),
    "activities": N_("Activities"), "opportunities": N_("Deals"), "pipelines": N_("Sales stages"),
    "roles": N_("Roles"), "members": N_("Members"), "teams": N_("Teams"), "invitations": N_("Invitations"),
    "search": N_("Search"), "audit": N_("Audit log"), "hand-overs": N_("Hand-overs"), "privacy": N_("Privacy"),
    "billing": N_("Billing"),
    "security": N_("Security"), "workspace": N_("Workspace"),
}  # fmt: skip
"""What the page calls the sections of the description."""


@bp.get("/docs")
@public("workspace")
def docs() -> Response:
    """Answer with the description as a page: its frame in the reader's language, or in the one of `lang`."""
    return _page("api_reference.html")


@bp.get("/docs/<section>")
@public("workspace")
def docs_section(section: str) -> Response:
    """Answer with a page of the operations of one tag and the data types they use; raises NotFound."""
    found = _reference().section(section)
    if found is None:
        raise NotFound
    return _page("api_reference_section.html", found)


def _page(template: str, section: Section | None = None) -> Response:
    chosen = request.args.get("lang", "")
    with in_language(chosen if chosen in LANGUAGES else spoken()):
        page = _written(template, section, chosen if chosen in LANGUAGES else "", spoken())
    headers = {"Content-Security-Policy": POLICY, "Vary": "Accept-Language, Cookie"}
    return _revalidated(Response(page, content_type="text/html; charset=utf-8", headers=headers))


def _written(template: str, section: Section | None, chosen: str, locale: str) -> str:
    """Return a page; its links keep the language that was chosen."""
    return render_template(
        template,
        reference=_reference(),
        section=section,
        within=f"/{section.name}" if section else "",
        asked=f"?lang={chosen}" if chosen else "",
        headings={name: _(heading) for name, heading in HEADINGS.items()},
        about={name: _(text) for name, text in TAGS},
        introduction=[_(paragraph) for paragraph in PARAGRAPHS],
        styles=Markup(STYLES),  # noqa: S704 - our own file
        root=request.script_root + BASE,
        lang=html_lang(locale),
        english="" if locale == "en" else Markup(' lang="en"'),
        languages=[(code, html_lang(code), name, code == locale) for code, name in LANGUAGES.items()],
    )


@bp.app_template_filter("prose")
def prose(text: str) -> Markup:
    """Return a description as HTML: paragraphs, `code` and **strong** words."""
    html = str(escape(text.strip()))
    for marks, element in ((r"`([^`]+)`", "code"), (r"[*]{2}(.+?)[*]{2}", "strong")):
        html = re.sub(marks, rf"<{element}>\1</{element}>", html)
    paragraphs = "".join(f"<p>{part}</p>" for part in html.split("\n\n"))
    return Markup(paragraphs)  # noqa: S704 - escaped before the marks were made


@cache
def _reference() -> Reference:
    return reference(document())


def _revalidated(response: Response) -> Response:
    etag = f'"{_digest(response.get_data())}"'
    response.headers.update({"ETag": etag, "Cache-Control": "no-cache"})
    if if_none_match_holds(request.headers.get("If-None-Match"), etag):
        response.status_code = 304
        response.set_data(b"")
    return response


def _digest(content: Any) -> str:
    return hashlib.blake2b(content, digest_size=8).hexdigest()
