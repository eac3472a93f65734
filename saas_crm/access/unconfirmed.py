"""A sign-in whose address nobody has ever confirmed becomes that of who has the address.

Anybody can sign up with anybody's address, and wait in it until something is given to that address.
"""

from __future__ import annotations

import secrets
from uuid import UUID

from sqlalchemy import Connection, update

from saas_crm.access.factors.setting_up import drop_factors
from saas_crm.access.mailed import end_links, sign_out_everywhere
from saas_crm.access.passwords import hash_password
from saas_crm.access.shared_models import User


def take_over(connection: Connection, user_id: UUID) -> None:
    """Take password, second factors, browsers and tokens off a sign-in; a link sets the first password that counts."""
    nobodys = hash_password(secrets.token_urlsafe(32))
    connection.execute(update(User).where(User.id == user_id).values(password_hash=nobodys))
    end_links(connection, user_id)
    drop_factors(connection, user_id)
    sign_out_everywhere(connection, user_id)
