"""Commands of an oracle: `infra receipts send`, `infra heartbeat`, `infra watch`. They need an oracle's token."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from infra import output, receipt_files
from infra.client import Row
from infra.command import command
from infra.refusals import Refused
from infra.session import Session
from protocol.times import write_moment

BATCH = 2_000
SUFFIXES = (".json", ".jsonl", ".ndjson")
Nodes = Annotated[
    list[str], typer.Option("--node", help="The node's address, or a prefix only it has; may be repeated.")
]
Every = Annotated[
    int | None, typer.Option("--every", metavar="SECONDS", min=1, help="Pause; by default half a slot.")
]


@command("send", changes_state=True)
def send_receipts(
    session: Session,
    *,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="JSON or JSON lines; - reads the standard input.")
    ],
) -> None:
    """Send signed receipts. Exit status 1 when one is rejected or its proof is not valid.

    Sending a file again is safe: receipts that are recorded count as duplicates.
    """
    receipts = receipt_files.read(file)
    if session.dry_run:
        session.show_requests(
            [session.request("oracle/receipts", {"receipts": f"{len(receipts)} of {file}"})]
        )
        return
    session.require_sign_in()
    _report(session, _send(session, receipts, session.key))


@command("heartbeat", changes_state=True)
def heartbeat(
    session: Session,
    *,
    node: Nodes,
    every: Every = None,
    repeat: Annotated[bool, typer.Option("--repeat", help="Go on until Ctrl-C.")] = False,
) -> None:
    """Report nodes as alive now."""
    if not session.dry_run:
        session.require_sign_in()
    nodes = [session.node(typed) for typed in node]
    pause = _pause(session, every) if repeat else 0
    while True:
        answer = _beat(session, nodes)
        if answer is not None:
            _report(session, answer, stop=not repeat)
        if not repeat or session.dry_run:
            return
        time.sleep(pause)


@command("watch", changes_state=True)
def watch(
    session: Session,
    *,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where files of receipts appear.")],
    node: Annotated[
        list[str] | None, typer.Option("--node", help="A node to report as alive; may be repeated.")
    ] = None,
    every: Every = None,
    once: Annotated[bool, typer.Option("--once", help="One round, then end.")] = False,
) -> None:
    """Send every file of receipts that appears in FOLDER, and heartbeats of the nodes, until Ctrl-C.

    A file is renamed when it was sent: to .sent, or to .rejected when a receipt was rejected or has no valid proof.
    Move finished files into the folder: a file that is still being written would be sent in part.
    """
    if not folder.is_dir():
        raise typer.BadParameter(f"{folder} is no folder")
    session.require_sign_in()
    nodes = [session.node(typed) for typed in node or ()]
    pause = _pause(session, every)
    while True:
        if nodes and (answer := _beat(session, nodes)) is not None:
            _report(session, answer, stop=False)
        for file in _new_files(folder):
            _send_file(session, file)
        if once or session.dry_run:
            return
        time.sleep(pause)


def _send_file(session: Session, file: Path) -> None:
    try:
        answer = _send(session, receipt_files.read(file), str(uuid.uuid4()))
        clean = _is_clean(answer)
    except Refused as refusal:
        # A network that is away may be back in the next round; a file that is no file of receipts stays one.
        output.refuse(refusal, as_json=False)
        if refusal.code == "file_invalid":
            file.rename(file.with_name(f"{file.name}.rejected"))
        return
    _report(session, answer, stop=False, name=file.name)
    file.rename(file.with_name(f"{file.name}.{'sent' if clean else 'rejected'}"))


def _send(session: Session, receipts: list[object], key: str) -> Row:
    """Send in batches, and add up the answers; indexes count from the start of the file."""
    total: Row = {"accepted": 0, "duplicates": 0, "rejected": [], "proofs": {}, "not_valid": []}
    for number, first in enumerate(range(0, len(receipts), BATCH)):
        body = {"receipts": receipts[first : first + BATCH]}
        answer = session.api.post("oracle/receipts", body, f"{key}-{number}")
        for count in ("accepted", "duplicates"):
            total[count] += answer[count]
        for state, count in answer.get("proofs", {}).items():
            total["proofs"][state] = total["proofs"].get(state, 0) + count
        for items in ("rejected", "not_valid"):
            total[items] += [{**item, "index": first + item["index"]} for item in answer.get(items, ())]
    return total


def _beat(session: Session, nodes: list[str]) -> Row | None:
    at = write_moment(datetime.now(UTC), timespec="milliseconds")
    body = {"heartbeats": [{"node": node, "at": at} for node in nodes]}
    if session.dry_run:
        session.show_requests([session.request("oracle/heartbeats", body)])
        return None
    answer: Row = session.api.post("oracle/heartbeats", body, f"{session.key}-{at}")
    return answer


def _pause(session: Session, every: int | None) -> float:
    if every is not None:
        return every
    return float(session.api.get("parameters")["values"]["heartbeat_slot_seconds"]) / 2


def _new_files(folder: Path) -> Iterator[Path]:
    return iter(sorted(file for file in folder.iterdir() if file.is_file() and file.suffix in SUFFIXES))


def _is_clean(answer: Row) -> bool:
    return not answer["rejected"] and not answer.get("not_valid")


def _report(session: Session, answer: Row, *, stop: bool = True, name: str = "") -> None:
    """Print an ingest's answer; what was rejected or has no valid proof on stderr. `stop`: exit 1 then."""
    if session.as_json:
        output.say_json(answer)
    else:
        counts = [f"{answer['accepted']} accepted", f"{answer['duplicates']} duplicates"]
        counts += [f"{len(answer['rejected'])} rejected"]
        counts += [f"{count} proofs {state}" for state, count in answer.get("proofs", {}).items() if count]
        output.say((f"{name}: " if name else "") + ", ".join(counts))
    for item in answer["rejected"]:
        output.warn(f"item {item['index']}: {item['code']}: {item['detail']}")
    for item in answer.get("not_valid", ()):
        output.warn(f"item {item['index']}, job {item['job_id']}: the proof is {item['proof']}")
    if stop and not _is_clean(answer):
        raise typer.Exit(1)
