"""A person's photo: sending it, taking it away, and showing it to the people they work with."""

from __future__ import annotations

from uuid import UUID

from flask import Response, request
from flask.typing import ResponseReturnValue

from saas_crm.access.photos import LARGEST_BYTES, photo_for, read_photo, remove_photo, set_photo
from saas_crm.access.profile import spread_at_once
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import signed_in_user
from saas_crm.edge.declared import also_on_domains, public, signed_in
from saas_crm.edge.operators import visited_photo
from web.account.blueprint import bp
from web.account.profile import profile_page
from web.forms import saved, shown_again


def _page_again(values: object = None, errors: dict[str, str] | None = None) -> str:  # noqa: ARG001
    return profile_page(errors=errors)


@bp.post("/profile/photo")
@signed_in
@shown_again(_page_again)
def save_photo() -> ResponseReturnValue:
    """Take the picture that was sent as the person's photo."""
    user = signed_in_user()
    sent = request.files.get("photo")
    content = sent.stream.read(LARGEST_BYTES + 1) if sent else b""
    set_photo(user.id, read_photo(content))
    spread_at_once(user.id)
    return saved("/profile", _("Saved."))


@bp.post("/profile/photo/removal")
@signed_in
def delete_photo() -> ResponseReturnValue:
    """Take the person's photo away."""
    user = signed_in_user()
    remove_photo(user.id)
    spread_at_once(user.id)
    return saved("/profile", _("Your photo is removed."))


@bp.get("/photos/<uuid:user_id>/<digest>")
@public("outside")
@also_on_domains
def show_photo(user_id: UUID, digest: str) -> Response:
    """Show a person's photo to themselves and to whoever shares a workspace with them; 404 to all others.

    Only the reader's own browser may keep it: what one person may see, a shared cache must not hand on. An operator who
    looks into a workspace sees those of its members meanwhile, and keeps none; nobody else is let in without a sign-in.
    """
    visited = visited_photo(user_id, digest)
    content = visited if visited is not None else photo_for(signed_in_user().id, user_id, digest)
    response = Response(content, content_type="image/webp")
    keep = "no-store" if visited is not None else "private, max-age=31536000, immutable"
    response.headers["Cache-Control"] = keep
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
