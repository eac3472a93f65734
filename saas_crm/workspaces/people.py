"""The people of an archived workspace: their sign-ins belong to the installation, not to the workspace's tables.

What goes along is who they are, never how they prove it: no password, no session.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from pydantic import BaseModel, ConfigDict, ValidationError

from saas_crm.access.passwords import hash_password
from saas_crm.core.emails import EmailError, parse_email
from tenants.archive.loading import Loaded
from tenants.archive.manifest import Plain, Zone
from tenants.archive.reading import ArchiveReader, BadArchive
from tenants.archive.writing import ArchiveWriter

PEOPLE = "people/people.jsonl"
PHOTOS = "people/photos/"
_PEOPLE = """
    SELECT u.id, u.email, u.name, u.locale, u.timezone, u.photo_digest, u.created_at
    FROM public.users u WHERE u.id = ANY(%s) ORDER BY u.id
"""
_PHOTOS = "SELECT user_id, content FROM public.user_photos WHERE user_id = ANY(%s) ORDER BY user_id"
_KNOWN = """
    SELECT id FROM public.users WHERE id = %(id)s OR email = %(email)s AND email_verified_at IS NOT NULL
    ORDER BY (id = %(id)s) DESC LIMIT 1
"""
_ADD = """
    INSERT INTO public.users AS u (id, email, name, password_hash, locale, timezone, photo_digest, created_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (email) DO UPDATE SET name = excluded.name, password_hash = excluded.password_hash,
        locale = excluded.locale, timezone = excluded.timezone, photo_digest = excluded.photo_digest
    RETURNING u.id
"""
_WAYS_IN = ("sessions", "authenticator_apps", "passkeys", "recovery_codes", "user_photos")
"""What goes of a sign-in whose address nobody has ever confirmed, when it becomes that of who has the address."""
_JOIN = """
    INSERT INTO public.memberships (user_id, tenant_id)
    SELECT user_id, %s FROM {} WHERE status <> 'removed' ON CONFLICT DO NOTHING
"""
_OWNERS = """
    SELECT m.user_id FROM {} m JOIN {} r ON r.id = m.role_id
    WHERE r.key = 'owner' AND m.status <> 'removed' AND m.deleted_at IS NULL ORDER BY m.id
"""
_FACTORS = """
    UPDATE {} m SET two_factor = NOT m.two_factor WHERE m.two_factor <> (
        EXISTS (SELECT FROM public.authenticator_apps a WHERE a.user_id = m.user_id AND a.confirmed_at IS NOT NULL)
        OR EXISTS (SELECT FROM public.passkeys k WHERE k.user_id = m.user_id))
"""


class Person(BaseModel):
    """A person who is or was a member of the workspace."""

    model_config = ConfigDict(extra="forbid")

    id: UUID
    email: str
    name: Plain
    locale: Plain
    timezone: Zone
    photo_digest: Plain | None
    created_at: datetime


def add_people(connection: psycopg.Connection[Any], user_ids: Sequence[UUID], writer: ArchiveWriter) -> None:
    """Put people and their photos into an archive."""
    names = ("id", "email", "name", "locale", "timezone", "photo_digest", "created_at")
    people = [Person(**dict(zip(names, row, strict=True))) for row in connection.execute(_PEOPLE, [user_ids])]
    writer.add_lines(PEOPLE, (f"{person.model_dump_json()}\n".encode() for person in people))
    for user_id, content in connection.execute(_PHOTOS, [[person.id for person in people]]):
        writer.add_bytes(f"{PHOTOS}{user_id}", bytes(content))


def bring_people(loaded: Loaded, reader: ArchiveReader, tenant_id: UUID) -> list[str]:
    """Give the members of a restored workspace their sign-ins, and return the addresses of those who got a new one.

    Who has a sign-in here (the same person, or one with the same address, who has confirmed it) keeps it as it is,
    second factor and all. Everybody else gets one without a password that anybody knows: "Forgot your password?" sets
    the first. So does an address with which somebody signed up and that they never confirmed: anybody can do that with
    anybody's, before an archive with it is brought along. Raises BadArchive.
    """
    connection, members = loaded.connection, sql.Identifier(loaded.schema, "members")
    unusable = hash_password(secrets.token_urlsafe(32))
    added = []
    for person in _people(reader):
        row = connection.execute(_KNOWN, {"id": person.id, "email": person.email}).fetchone()
        user_id = row[0] if row else _add(connection, person, unusable, reader)
        if row is None:
            added.append(person.email)
        if user_id != person.id:
            change = sql.SQL("UPDATE {} SET user_id = %s WHERE user_id = %s").format(members)
            connection.execute(change, [user_id, person.id])
    _check_all_are_known(connection, members)
    # Second factors stay behind: whoever has none here must not pass for somebody who has.
    connection.execute(sql.SQL(_FACTORS).format(members))
    connection.execute(sql.SQL(_JOIN).format(members), [tenant_id])
    return added


def owners_among(loaded: Loaded) -> list[UUID]:
    """Return the sign-ins of those who own a restored workspace, once it has its people."""
    tables = (sql.Identifier(loaded.schema, name) for name in ("members", "roles"))
    return [user_id for (user_id,) in loaded.connection.execute(sql.SQL(_OWNERS).format(*tables))]


def _people(reader: ArchiveReader) -> Iterator[Person]:
    for line in reader.lines(PEOPLE):
        try:
            person = Person.model_validate_json(line)
            yield person.model_copy(update={"email": parse_email(person.email)})
        except (ValidationError, EmailError) as wrong:
            raise BadArchive(f"{PEOPLE} has a line that is no person") from wrong


def _add(connection: psycopg.Connection[Any], person: Person, unusable: str, reader: ArchiveReader) -> UUID:
    """Make a sign-in, or take over the one that has the address unconfirmed; returns its id."""
    row = connection.execute(
        _ADD,
        [person.id, person.email, person.name, unusable, person.locale, person.timezone, person.photo_digest,
         person.created_at],
    ).fetchone()  # fmt: skip
    user_id: UUID = row[0] if row else person.id
    if user_id != person.id:
        for table in _WAYS_IN:
            gone = sql.SQL("DELETE FROM {} WHERE user_id = %s").format(sql.Identifier("public", table))
            connection.execute(gone, [user_id])
    path = f"{PHOTOS}{person.id}"
    if path in reader.manifest.files:
        photo = "INSERT INTO public.user_photos (user_id, content) VALUES (%s, %s)"
        connection.execute(photo, [user_id, reader.content(path)])
    return user_id


def _check_all_are_known(connection: psycopg.Connection[Any], members: sql.Identifier) -> None:
    """Refuse members in use whose person is not in the archive: they would be somebody else's, or nobody's."""
    query = sql.SQL(
        "SELECT count(*) FROM {} m WHERE status <> 'removed'"
        " AND NOT EXISTS (SELECT 1 FROM public.users u WHERE u.id = m.user_id)"
    ).format(members)
    if connection.execute(query).fetchone() != (0,):
        raise BadArchive("some of its members have no person")
