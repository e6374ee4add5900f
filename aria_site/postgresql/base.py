"""Django's PostgreSQL backend, with a pool that does not hand out connections which the server has ended; and where
each thread keeps a connection, it is replaced when it has ended.

Django's own CONN_HEALTH_CHECKS would ask the server before each request, and after a restart discard one dead
connection a second. Here a look at the socket is enough, and the first dead connection has all of them checked.
Times that Python cannot hold are read as `times` says.
"""

import select
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg.pq import TransactionStatus

from aria_site.postgresql.times import with_bounded_times

USABLE = (TransactionStatus.IDLE, TransactionStatus.INTRANS)


class DatabaseWrapper(base.DatabaseWrapper):
    def get_connection_params(self) -> dict[str, Any]:
        params = super().get_connection_params()
        return params | {"context": with_bounded_times(params["context"], self.timezone)}

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        if self.pool and has_ended(connection):
            connection.close()
            self.pool.putconn(connection)
            self.pool.check()
            connection = super().get_new_connection(conn_params)
        return connection

    def is_usable(self) -> bool:
        """Of a connection that a thread keeps: asked before each request, and after an error."""
        return not has_ended(self.connection) and self.connection.info.transaction_status in USABLE


def has_ended(connection: psycopg.Connection[Any]) -> bool:
    """An idle connection has nothing to read, until the server says goodbye (or a setting has changed: so ask)."""
    if connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if not poll.poll(0):
        return False
    try:
        connection.execute("")
    except psycopg.Error:
        return True
    return False
