"""Which of a process's connections serves whom: one that has served the tenant before, if any is free.

A session of PostgreSQL reads what a table is made of when it first meets it, and keeps that. Each tenant has tables of
its own: handed out without looking, a connection meets a stranger's in nearly every request as soon as there are many
tenants, and every connection comes to keep everybody's.
"""

from __future__ import annotations

import psycopg
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool
from sqlalchemy.util.queue import Queue

from tenants.context import tenant_or_none

MANY = 8
"""How many tenants a connection may know before another is opened for a further one, as long as the pool has room."""


class _Nearest(Queue[ConnectionPoolEntry]):
    """Free connections; what is taken is the nearest, of equal ones that which was used last."""

    def at_hand(self) -> bool:
        """Whether one is free that knows who speaks, or few enough others."""
        with self.mutex:
            return any(_distance(each) <= MANY for each in self.queue.copy())

    def _get(self) -> ConnectionPoolEntry:
        # Of a copy: while it is looked through, the garbage collector may bring back one that somebody left behind.
        nearest = min(reversed(self.queue.copy()), key=_distance)
        self.queue.remove(nearest)
        return nearest


class NearPool(QueuePool):
    """A pool whose connections are handed out by whom they have served.

    How many there are at most, and how long somebody waits for one, is as in QueuePool.
    """

    _queue_class = _Nearest
    _pool: _Nearest

    def _do_get(self) -> ConnectionPoolEntry:
        if self._overflow < 0 and tenant_or_none() is not None and not self._pool.at_hand() and self._inc_overflow():
            try:
                return self._create_connection()
            except BaseException as failed:
                self._dec_overflow()
                if not isinstance(failed, psycopg.OperationalError) or not self.checkedin():
                    raise  # else the database takes no more of them, and one that is open serves as well
        return super()._do_get()


def _distance(connection: ConnectionPoolEntry) -> int:
    """Return 0 if a connection knows who speaks, else how many others it knows.

    One that was closed knows nobody, whatever is noted of it: in its place another is opened. Who is known elsewhere
    rather goes there.
    """
    if connection.dbapi_connection is None:
        return 1
    served = connection.info.get("tenants", ())
    speaker = tenant_or_none()
    return 0 if speaker is None or speaker.id in served else len(served)
