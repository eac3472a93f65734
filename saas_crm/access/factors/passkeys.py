"""Passkeys (WebAuthn level 3): registered by name, listed, removed, and taken as proof of who somebody is.

The device signs a challenge of ours together with the address of the page it was asked on, so that an answer given to
another site, or once before, is worth nothing here. Where a passkey stands alone, at the sign-in and as a proof, it
takes a device that checks its owner (by finger, face or PIN); as a second step after the password its presence is
enough.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import Connection, insert, select, update
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    options_to_json_dict,
    parse_authentication_credential_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import InvalidAuthenticationResponse, InvalidJSONStructure, WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from saas_crm.access.factors.models import Passkey
from saas_crm.access.sessions import SignedInUser
from saas_crm.access.sign_in import SignInRefused
from saas_crm.access.sign_in_log import tell_workspaces
from saas_crm.core.clock import now
from saas_crm.core.errors import InvalidInput
from saas_crm.core.i18n import gettext as _
from tenants.db import SHARED, AnyRow, db
from tenants.directory import shared_reader
from tenants.runtime import runtime_settings

MOST = 20
"""So many passkeys a person may have."""
_WAYS = {way.value: way for way in AuthenticatorTransport}
LONGEST = 20_000  # characters of an answer; real ones have a few hundred
NAME = "SaaS CRM"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a device said (JSON), to which challenge of ours, and on which pages it may have been asked."""

    text: str
    challenge: bytes
    origins: Sequence[str]


class PasskeyRefused(SignInRefused):
    """The answer is no good: to another challenge or page, by a key nobody has, a copied one, or used before."""


def domain() -> str:
    """Return the domain passkeys are made for, "" where there can be none: browsers refuse bare network addresses."""
    settings = runtime_settings()
    host = settings.passkey_domain or urlsplit(settings.base_url).hostname or ""
    return "" if ":" in host or host.replace(".", "").isdigit() else host


def options_to_register(user: SignedInUser, challenge: bytes) -> dict[str, Any]:
    """Return what the browser needs to make a passkey; keys the person has already are not made twice."""
    options = generate_registration_options(
        rp_id=domain(), rp_name=NAME, user_id=user.id.bytes, user_name=user.email, user_display_name=user.name,
        challenge=challenge, exclude_credentials=_descriptors(passkeys_of(user.id)),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.PREFERRED
        ),
    )  # fmt: skip
    return options_to_json_dict(options)


def options_to_sign(challenge: bytes, user_id: UUID | None = None, *, verified: bool) -> dict[str, Any]:
    """Return what the browser needs to use a passkey: any of this site's, or one of a person's.

    `verified` is whether the device has to check who holds it.
    """
    verification = UserVerificationRequirement.REQUIRED if verified else UserVerificationRequirement.PREFERRED
    options = generate_authentication_options(
        rp_id=domain(), challenge=challenge, user_verification=verification,
        allow_credentials=_descriptors(passkeys_of(user_id)) if user_id else None,
    )  # fmt: skip
    return options_to_json_dict(options)


def _descriptors(keys: Sequence[AnyRow]) -> list[PublicKeyCredentialDescriptor]:
    """Return the keys as the browser looks for them: by the ways in which each said it can be reached."""
    return [
        PublicKeyCredentialDescriptor(
            id=key.credential_id, transports=[_WAYS[way] for way in key.transports if way in _WAYS] or None
        )
        for key in keys
    ]


def passkeys_of(user_id: UUID) -> Sequence[AnyRow]:
    """Return a person's passkeys, the newest last."""
    query = (
        select(
            Passkey.id,
            Passkey.credential_id,
            Passkey.transports,
            Passkey.name,
            Passkey.created_at,
            Passkey.last_used_at,
        )
        .where(Passkey.user_id == user_id)
        .order_by(Passkey.created_at, Passkey.id)
        .limit(MOST)
    )
    with shared_reader() as connection:
        rows: Sequence[AnyRow] = connection.execute(query).all()
    return rows


def store_passkey(connection: Connection, user: SignedInUser, name: str, answer: Answer, *, held: int) -> None:
    """Keep a passkey the browser has just made, beside those `held` already. Raises InvalidInput."""
    if held >= MOST:
        raise InvalidInput({"": _("You have %(most)s passkeys already. Remove one first.", most=MOST)})
    try:
        made = verify_registration_response(
            credential=_short(answer.text), expected_challenge=answer.challenge, expected_rp_id=domain(),
            expected_origin=list(answer.origins),
        )  # fmt: skip
    except (WebAuthnException, ValueError, KeyError, TypeError):
        raise InvalidInput({"": _("The passkey could not be made. Try once more.")}) from None
    known = connection.scalar(select(Passkey.id).where(Passkey.credential_id == made.credential_id))
    if known is not None:
        raise InvalidInput({"": _("This passkey is there already.")})
    connection.execute(insert(Passkey).values(
        user_id=user.id, credential_id=made.credential_id, public_key=made.credential_public_key,
        sign_count=made.sign_count, transports=_ways(answer.text), name=name,
    ))  # fmt: skip


def _ways(answer: str) -> list[str]:
    """Return by which ways a device said it can be reached, as far as they are known."""
    told = parse_registration_credential_json(answer).response.transports or []
    return sorted({way.value for way in told})


def take_passkey(
    answer: Answer, *, origin: Mapping[str, str], verified: bool, owner: UUID | None = None
) -> UUID:  # fmt: skip
    """Return whose passkey has signed the challenge; of the `owner` alone, if one is given.

    To be `verified` the device must have checked who holds it. Where it counts, its counter must have gone up since the
    last time: a copy of the key would give the same number twice. Keys that travel between devices do not count; an
    answer is worth nothing the second time by its challenge (`edge.challenges`). Raises PasskeyRefused, and tells the
    owner's logs.
    """
    with db.engines[SHARED].begin() as connection:
        key = _held(connection, answer.text)
        if key is None or (owner is not None and key.user_id != owner):
            raise PasskeyRefused
        try:
            done = verify_authentication_response(
                credential=answer.text, expected_challenge=answer.challenge, expected_rp_id=domain(),
                expected_origin=list(answer.origins),
                credential_public_key=key.public_key, credential_current_sign_count=key.sign_count,
                require_user_verification=verified,
            )  # fmt: skip
        except InvalidAuthenticationResponse:
            tell_workspaces(connection, "passkey_refused", {"how": "passkey", **origin}, user_id=key.user_id)
        else:
            used = update(Passkey).where(Passkey.id == key.id)
            connection.execute(used.values(sign_count=done.new_sign_count, last_used_at=now()))
            whose: UUID = key.user_id
            return whose
    raise PasskeyRefused


def _held(connection: Connection, answer: str) -> AnyRow | None:
    """Return the passkey an answer names, held so that of the same answer twice at once one is judged first."""
    try:
        credential = parse_authentication_credential_json(_short(answer))
    except (InvalidJSONStructure, WebAuthnException, ValueError, KeyError, TypeError):
        raise PasskeyRefused from None
    columns = (Passkey.id, Passkey.user_id, Passkey.public_key, Passkey.sign_count)
    query = select(*columns).where(Passkey.credential_id == credential.raw_id).with_for_update()
    found: AnyRow | None = connection.execute(query).one_or_none()
    told = credential.response.user_handle
    return found if found is None or not told or told == found.user_id.bytes else None


def _short(answer: str) -> str:
    if len(answer) > LONGEST:
        raise ValueError("no device says so much")
    return answer
