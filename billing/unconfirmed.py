"""A change that waited for an answer to the bank and is over: that is told, unless somebody here took it back.

Stripe tells that it is over, and not why. So who takes one back notes that nobody need be told of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import all_, func, literal, update

from billing.acting import Act
from billing.announcing import Word
from billing.models import Subscription
from billing.rules import PAYING
from billing.settling import defer_word
from billing.subscriptions import held
from tenants.db import SHARED, db

KIND = "change_expired"


def withdraw(act: Act) -> None:
    """Take back the change that waits for an answer to the bank, where one does."""
    waiting = act.now.waiting
    if waiting is None:
        return
    key = _key(waiting.invoice_id)
    mine = update(Subscription).where(Subscription.tenant_id == act.held.tenant_id)
    mine = mine.where(literal(key) != all_(Subscription.told))
    with db.engines[SHARED].begin() as connection:
        connection.execute(mine.values(told=func.array_append(Subscription.told, key)))
    act.gateway.withdraw(waiting, key=act.key("withdraw"))


def tell(tenant_id: UUID, over: Iterable[tuple[str, str]]) -> None:
    """Queue the letter about changes that are `over`: by their invoice, and what was paid on then (a price's id).

    Each is sent once. Not where the subscription has ended, nor where something else is paid by now: then it was
    changed all the same.
    """
    row = held(tenant_id)
    if row is None or row.source != "stripe" or row.state not in PAYING:
        return
    for invoice_id in (invoice_id for invoice_id, price_id in over if price_id in ("", row.price_id)):
        with db.engines[SHARED].begin() as connection:
            defer_word(connection, tenant_id, Word(KIND, _key(invoice_id)))


def _key(invoice_id: str) -> str:
    return f"{KIND}-{invoice_id}"
