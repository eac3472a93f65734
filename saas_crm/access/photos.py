"""A person's photo: whatever was sent becomes a small square picture that we have drawn ourselves.

Re-encoding drops what a camera writes into a file (place, time, device) and whatever else hides in it.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import delete, exists, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from saas_crm.access.profile import profile_changed
from saas_crm.access.shared_models import Membership, User, UserPhoto
from saas_crm.core.errors import InvalidInput, NotFound
from saas_crm.core.i18n import gettext as _
from tenants.db import SHARED, db
from tenants.directory import shared_reader

if TYPE_CHECKING:
    from PIL.Image import Image

SIDE = 256
LARGEST_BYTES = 4_000_000
LARGEST_PIXELS = 25_000_000
"""More than twice what phones make, and 75 MB when unpacked; a bomb is told by its header alone."""
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")


@dataclass(frozen=True, slots=True)
class Photo:
    """A WebP picture of SIDE × SIDE pixels, named by its content."""

    content: bytes
    digest: str


def read_photo(sent: bytes, *, whole: bool = False, field: str = "photo") -> Photo:
    """Return the picture in `sent`, cut to a square, or `whole` on a white one.

    Raises InvalidInput, at the form's `field`, for what is none or is too large.
    """
    if len(sent) > LARGEST_BYTES:
        raise InvalidInput({field: _("Choose a picture of at most 4 MB.")})
    try:
        content = _redraw(sent, whole=whole)
    except Exception:  # decoders raise whatever damaged or hostile bytes lead them to
        message = _("This is not a picture we can read. Choose a JPEG, PNG or WebP file.")
        raise InvalidInput({field: message}) from None
    return Photo(content, hashlib.sha256(content).hexdigest()[:24])


def _redraw(sent: bytes, *, whole: bool) -> bytes:
    import PIL.Image  # 6 MB of a worker: only where photos are sent
    import PIL.ImageOps

    with PIL.Image.open(io.BytesIO(sent), formats=FORMATS) as picture:
        width, height = picture.size
        if width * height > LARGEST_PIXELS:
            raise ValueError("too many pixels")
        picture.draft("RGB", (SIDE * 2, SIDE * 2))  # a JPEG is unpacked at a fraction of its size
        upright = PIL.ImageOps.exif_transpose(picture)
        drawn_on, size, how = _on_white(upright), (SIDE, SIDE), PIL.Image.Resampling.LANCZOS
        square = PIL.ImageOps.pad(drawn_on, size, how, "white") if whole else PIL.ImageOps.fit(drawn_on, size, how)
    drawn = io.BytesIO()
    square.save(drawn, "WEBP", quality=82, method=4)
    return drawn.getvalue()


def _on_white(picture: Image) -> Image:
    import PIL.Image

    if "A" not in picture.getbands() and "transparency" not in picture.info:
        return picture.convert("RGB")
    drawn = picture.convert("RGBA")
    ground = PIL.Image.new("RGBA", drawn.size, "white")
    return PIL.Image.alpha_composite(ground, drawn).convert("RGB")


def set_photo(user_id: UUID, photo: Photo) -> None:
    """Give a person this photo, in all their workspaces."""
    store = insert(UserPhoto).values(user_id=user_id, content=photo.content)
    store = store.on_conflict_do_update(index_elements=["user_id"], set_={"content": photo.content})
    with db.engines[SHARED].begin() as connection:
        connection.execute(store)
        connection.execute(update(User).where(User.id == user_id).values(photo_digest=photo.digest))
        profile_changed(connection, user_id)


def remove_photo(user_id: UUID) -> None:
    """Take a person's photo away."""
    with db.engines[SHARED].begin() as connection:
        connection.execute(delete(UserPhoto).where(UserPhoto.user_id == user_id))
        connection.execute(update(User).where(User.id == user_id).values(photo_digest=None))
        profile_changed(connection, user_id)


def photo_of(user_id: UUID, digest: str) -> bytes | None:
    """Return a user's photo, for who was found to be let see it; None where it is another one by now."""
    query = select(UserPhoto.content).join(User, User.id == UserPhoto.user_id)
    with shared_reader() as connection:
        found: bytes | None = connection.scalar(query.where(User.id == user_id, User.photo_digest == digest))
        return found


def photo_for(viewer_id: UUID, user_id: UUID, digest: str) -> bytes:
    """Return the photo of a user whom the viewer shares a workspace with; raises NotFound.

    The digest is part of the answer's address, so a new photo is a new address and may be kept for ever.
    """
    mine, theirs = aliased(Membership), aliased(Membership)
    shared = exists(
        select(mine.tenant_id)
        .join(theirs, theirs.tenant_id == mine.tenant_id)
        .where(mine.user_id == viewer_id, theirs.user_id == user_id)
    )
    query = (
        select(UserPhoto.content)
        .join(User, User.id == UserPhoto.user_id)
        .where(User.id == user_id, User.photo_digest == digest, or_(User.id == viewer_id, shared))
    )
    with shared_reader() as connection:
        found: bytes | None = connection.scalar(query)
    if found is None:
        raise NotFound
    return found
