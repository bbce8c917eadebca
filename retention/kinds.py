"""The five kinds of rows that are archived and dropped, and how each is read and deleted.

Beyond the ORM: deletes that join another table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from protocol.addresses import checksum
from retention.files import encode
from staking.models import Epoch, Event, Heartbeat, Node, Ranking, RankingRow
from staking.models.node_sql import LATEST_RANKING
from staking.selectors.epoch_inputs import inputs_of, receipts_of
from staking.services.epochs import parameters_of

Lines = Callable[[int], Iterator[bytes]]
# A ranking, and an event that is still to be sent, are not dropped, however old.
DROP_RANKINGS = f"""
DELETE FROM staking_rankingrow WHERE ranking_id IN (
  SELECT id FROM staking_ranking WHERE epoch = %(epoch)s AND id < {LATEST_RANKING})
"""
DROP_RANKING_HEADS = f"""
DELETE FROM staking_ranking WHERE epoch = %(epoch)s AND id < {LATEST_RANKING}
"""
DROP_DELIVERIES = """
DELETE FROM notifications_delivery d USING staking_event e
WHERE e.id = d.event_id AND e.epoch = %(epoch)s AND e.dispatched
"""
DROP_INPUTS = "DELETE FROM staking_epochinputs WHERE epoch = %(epoch)s"
DROP_EVENTS = "DELETE FROM staking_event WHERE epoch = %(epoch)s AND dispatched"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of rows: its name, the setting that says how many settled epochs are kept, its lines in an archive file.

    Receipts and inputs have no lines here: their archive is the file that the API publishes, in blocks.
    """

    name: str
    setting: str
    lines: Lines | None = None
    published: Lines | None = None

    @property
    def retained_epochs(self) -> int:
        """Settled epochs whose rows stay in the database; 0: all of them."""
        return int(getattr(settings, self.setting))

    def file_name(self, epoch: int) -> str:
        return f"{self.name}/epoch-{epoch:08d}.ndjson.gz"


def heartbeat_lines(epoch: int) -> Iterator[bytes]:
    """Heartbeats by slot; `at` is the start of the slot."""
    row = Epoch.objects.select_related("parameters").get(number=epoch)
    length = parameters_of(row.parameters.digest).heartbeat_slot_seconds
    addresses = _addresses()
    beats = Heartbeat.objects.filter(epoch=epoch).order_by("slot", "node_id").values_list("slot", "node_id")
    for slot, node in beats.iterator(chunk_size=10_000):
        at = row.start + timedelta(seconds=slot * length)
        yield encode({"node": addresses[node], "at": rfc3339(at), "slot": slot})


def ranking_lines(epoch: int) -> Iterator[bytes]:
    """Rows of the rankings of an epoch, with the ranking's number and time."""
    addresses = _addresses()
    for ranking in Ranking.objects.filter(epoch=epoch).order_by("id"):
        head = {"ranking": ranking.pk, "computed_at": ranking.computed_at.isoformat(), "slot": ranking.slot}
        for values in RankingRow.objects.filter(ranking_id=ranking.pk).order_by("rank").values():
            row: dict[str, Any] = {name: value for name, value in values.items() if name != "ranking_id"}
            node = row.pop("node_id")
            yield encode({**head, **row, "node": addresses[node]})


def event_lines(epoch: int) -> Iterator[bytes]:
    """Events of an epoch that were handed to the notifications."""
    addresses = _addresses()
    events = Event.objects.filter(epoch=epoch, dispatched=True).order_by("id").values()
    for values in events.iterator(chunk_size=5_000):
        row: dict[str, Any] = {name: value for name, value in values.items() if name != "dispatched"}
        node = row.pop("node_id")
        yield encode({**row, "at": row["at"].isoformat(), "node": addresses.get(node)})


def rfc3339(at: datetime) -> str:
    """UTC with milliseconds, as receipts and heartbeats have it."""
    at = at.astimezone(UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"


def _addresses() -> dict[int, str]:
    return {id_: checksum(address) for id_, address in Node.objects.values_list("id", "address")}


RECEIPTS = Kind("receipts", "INFRAMIND_KEEP_RECEIPTS", published=receipts_of)
HEARTBEATS = Kind("heartbeats", "INFRAMIND_KEEP_RECEIPTS", heartbeat_lines)
RANKINGS = Kind("rankings", "INFRAMIND_KEEP_RANKINGS", ranking_lines)
EVENTS = Kind("events", "INFRAMIND_KEEP_EVENTS", event_lines)
INPUTS = Kind("inputs", "INFRAMIND_KEEP_INPUTS", published=lambda epoch: iter([inputs_of(epoch)]))
# Receipts and heartbeats of an epoch are dropped together: they are in partitions of the same epoch.
KINDS = (RECEIPTS, HEARTBEATS, RANKINGS, EVENTS, INPUTS)


def drop_rows(kind: Kind, epoch: int) -> None:
    """Delete the rankings, events or inputs of an epoch, in the caller's transaction."""
    statements = {
        RANKINGS.name: (DROP_RANKINGS, DROP_RANKING_HEADS),
        EVENTS.name: (DROP_DELIVERIES, DROP_EVENTS),
        INPUTS.name: (DROP_INPUTS,),
    }
    values: dict[str, Any] = {"epoch": epoch}
    with connection.cursor() as cursor:
        for statement in statements[kind.name]:
            cursor.execute(statement, values)
