"""`infra verify` and `infra proof`: recompute what a network published, on this machine."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from infra import output
from infra.client import Row, path
from infra.command import command
from infra.published_files import lines_of, receipts_in
from infra.refusals import Refused
from infra.session import Session

if TYPE_CHECKING:
    from protocol.replay import Difference, EpochInputs, Result


class Level(StrEnum):
    ROOT = "root"
    REWARDS = "rewards"
    RECEIPTS = "receipts"


CHECKED = {
    Level.ROOT: "the root follows from the rows",
    Level.REWARDS: "rows, sums and root follow from the inputs",
    Level.RECEIPTS: "rows, sums and root follow from the inputs, and their counters from the receipts",
}


@command("verify")
def verify(
    session: Session,
    *,
    epoch: Annotated[int, typer.Argument(metavar="EPOCH", min=1, help="A settled epoch.")],
    level: Annotated[Level, typer.Option("--level", help="How deep to recompute.")] = Level.REWARDS,
    rpc: Annotated[
        str,
        typer.Option("--rpc", metavar="URL", help="Compare with the settlement contract, through this node."),
    ] = "",
    settlement: Annotated[
        str, typer.Option("--settlement", metavar="ADDRESS", help="The settlement contract, with --rpc.")
    ] = "",
) -> None:
    """Recompute a settled epoch from what the network published. No account is needed.

    root: the root from the rows; rewards: the rows from the inputs; receipts: the counters from signed receipts, too.
    --rpc and --settlement: root and slashes in the contract, too. Exit status 1 with every difference named.
    """
    if bool(rpc) != bool(settlement):
        raise typer.BadParameter("Give --rpc and --settlement together.")
    differences = _differences(session, epoch, level, (rpc, settlement) if rpc else None)
    if session.as_json:
        rows = [one._asdict() for one in differences]
        output.say_json({"epoch": epoch, "level": level.value, "equal": not rows, "differences": rows})
    elif not differences:
        anchored = "; the contract has this root and these slashes" if rpc else ""
        output.say(f"Epoch {epoch} is equal: {CHECKED[level]}{anchored}.")
    else:
        for one in differences:
            output.say(str(one))
    if differences:
        count = len(differences)
        raise Refused("different", f"Epoch {epoch} differs in {count} figure{'s' if count > 1 else ''}.")


@command("proof")
def proof(
    session: Session,
    *,
    epoch: Annotated[int, typer.Argument(metavar="EPOCH", min=1, help="A settled epoch.")],
    node: Annotated[
        str, typer.Argument(metavar="NODE", help="A node's address, or a prefix; or a wallet's.")
    ],
) -> None:
    """Show the leaves of a node in an epoch's Merkle tree, and check them against the epoch's root."""
    address = node if len(node) == 42 else session.node(node)
    answer = session.api.get(path("epochs", epoch, "proof", address))
    root = session.api.get(path("epochs", epoch))["merkle_root"]
    wrong = [leaf for leaf in answer["leaves"] if not _holds(leaf, root)]
    if session.as_json:
        output.say_json(answer)
    else:
        output.say(f"root {root}")
        columns = ("kind", "address", ">µIFM", ">hashes", "proof")
        output.table(
            columns, (_leaf(leaf, leaf not in wrong) for leaf in answer["leaves"]), empty="No leaves."
        )
    if wrong:
        raise Refused("different", f"{len(wrong)} of the leaves do not lead to the root of epoch {epoch}.")


def _differences(
    session: Session, epoch: int, level: Level, chain: tuple[str, str] | None
) -> list[Difference]:
    # The rules are loaded when they are needed: other commands start without them.
    from protocol.replay import InputsInvalid, check_rewards, check_root, parse, read_report

    api = session.api
    shown = api.get(path("epochs", epoch))
    if shown.get("status") != "settled":
        raise Refused("not_found", f"Epoch {epoch} is not settled yet.")
    rows = api.pages(path("epochs", epoch, "nodes"))["results"]
    try:
        inputs = parse(lines_of(api, epoch, "inputs"))
        if inputs.epoch != epoch:
            raise InputsInvalid(f"The inputs are those of epoch {inputs.epoch}.")
        report = read_report(shown, rows)
        differences = check_root(report, inputs)
        if level is not Level.ROOT:
            differences = _merged(differences, check_rewards(report, inputs))
        if level is Level.RECEIPTS:
            differences += _recounted(session, epoch, inputs)
        if chain is not None:
            differences += _anchored(report, inputs, shown.get("anchor") or {}, *chain)
    except InputsInvalid as error:
        raise Refused("bad_file", str(error)) from None
    return differences


def _anchored(
    report: Result, inputs: EpochInputs, anchor: Row, url: str, settlement: str
) -> list[Difference]:
    """Root and slashes of the contract; the network says only in which block to look for them."""
    from infra.contract import SettlementContract
    from protocol.replay import check_contract

    block = anchor.get("block")
    if not isinstance(block, int):
        raise Refused("not_anchored", f"The network says that epoch {inputs.epoch} is not on a chain yet.")
    root, slashes = SettlementContract(url, settlement).epoch(inputs.epoch, block)
    return check_contract(report, inputs, root, slashes)


def _merged(first: list[Difference], more: list[Difference]) -> list[Difference]:
    """Both; the root is compared with that of the published rows and with that of the recomputed ones."""
    return first + [one for one in more if one not in first]


def _recounted(session: Session, epoch: int, inputs: EpochInputs) -> list[Difference]:
    from protocol.replay import Difference, compare, recount

    published, computed, proofs = recount(inputs, receipts_in(lines_of(session.api, epoch, "receipts")))
    wrong = [
        Difference(f"job {job}", "proof", one["published"], one["computed"]) for job, one in proofs.items()
    ]
    return compare(published, computed) + wrong


def _holds(leaf: Row, root: str) -> bool:
    from protocol.merkle import Leaf, verify

    try:
        kind, address, amount, epoch = leaf["value"]
        siblings = [bytes.fromhex(one[2:]) for one in leaf["proof"]]
        return verify(bytes.fromhex(root[2:]), Leaf(kind, address, amount, epoch), siblings)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        return False


def _leaf(leaf: dict[str, Any], holds: bool) -> tuple[str, ...]:
    kind, address, amount, _ = leaf["value"]
    return (
        kind,
        address,
        output.number(amount),
        str(len(leaf["proof"])),
        "holds" if holds else "does not hold",
    )
