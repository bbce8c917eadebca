"""The connection wrapper of the backend."""

from __future__ import annotations

import logging
from typing import Any

from django.db.backends.postgresql import base
from django.db.transaction import TransactionManagementError
from greenlet import getcurrent

from postgres.backend import savepoints
from postgres.backend.batches import BatchedRead, Cursor

log = logging.getLogger(__name__)


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's wrapper that refuses statements after `Prepared.last_row` has ended the transaction.

    Django still believes to be inside the outermost `atomic` block then: a further statement would run in a
    transaction of its own, and a rollback would undo nothing.
    """

    # Set by `Prepared` when a statement carried the COMMIT; the end of the atomic block clears it.
    ended_by_statement = False

    def get_connection_params(self) -> dict[str, Any]:
        params: dict[str, Any] = super().get_connection_params()
        return {**params, "cursor_factory": Cursor}

    def check_no_batch(self) -> None:
        """Raise TransactionManagementError inside a batch of reads, which share one connection."""
        if isinstance(getcurrent(), BatchedRead):
            raise TransactionManagementError(
                "A transaction cannot begin or end in a batch of reads, nor can a prepared statement run there."
            )

    def check_not_ended(self) -> None:
        """Raise TransactionManagementError when the transaction of the open atomic block was committed already."""
        if self.ended_by_statement:
            raise TransactionManagementError(
                "last_row has committed this transaction: no statement may follow in the same atomic block."
            )

    def validate_no_broken_transaction(self) -> None:
        self.check_not_ended()
        super().validate_no_broken_transaction()

    def _cursor(self, name: str | None = None) -> Any:
        # A cursor's copy() does not call validate_no_broken_transaction().
        self.check_not_ended()
        if name is not None and self.connection is not None:
            # A cursor of the server is declared in the extended protocol, which has one statement a message.
            with self.wrap_database_errors:
                savepoints.send(self.connection)
        return super()._cursor(name)  # type: ignore[misc]

    def _commit(self) -> Any:
        self._forget_savepoints()
        return super()._commit()  # type: ignore[misc]

    def _rollback(self) -> Any:
        self._forget_savepoints()
        if self.ended_by_statement:
            log.error("an atomic block failed after last_row had committed it: its changes stay")
        return super()._rollback()  # type: ignore[misc]

    def _savepoint(self, sid: str) -> None:
        self.check_no_batch()
        self.validate_no_broken_transaction()
        savepoints.begin(self.connection, self._name_of(sid))

    def _savepoint_commit(self, sid: str) -> None:
        self.validate_no_broken_transaction()
        savepoints.release(self.connection, self._name_of(sid))

    def _savepoint_rollback(self, sid: str) -> None:
        if not savepoints.undo(self.connection, self._name_of(sid)):
            super()._savepoint_rollback(sid)  # type: ignore[misc]

    def _name_of(self, sid: str) -> bytes:
        return self.ops.quote_name(sid).encode()

    def _forget_savepoints(self) -> None:
        """The end of a transaction ends all of its savepoints."""
        if self.connection is not None:
            savepoints.waiting(self.connection).clear()

    def _set_autocommit(self, autocommit: bool) -> None:
        self.check_no_batch()
        self._forget_savepoints()
        self.ended_by_statement = False
        super()._set_autocommit(autocommit)  # type: ignore[misc]
