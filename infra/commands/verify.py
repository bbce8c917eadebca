"""`infra verify` and `infra proof`: recompute what a network published, on this machine."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

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
    differences, receipts = _differences(session, epoch, level, (rpc, settlement) if rpc else None)
    if session.as_json:
        rows = [one._asdict() for one in differences]
        counts = {} if receipts is None else {"receipts": receipts._asdict()}
        output.say_json(
            {"epoch": epoch, "level": level.value, "equal": not rows, **counts, "differences": rows}
        )
    elif not differences:
        anchored = "; the contract has this root and these slashes" if rpc else ""
        output.say(f"Epoch {epoch} is equal: {CHECKED[level]}{anchored}.")
    else:
        for one in differences:
            output.say(str(one))
    if receipts is not None and receipts.unchecked and not session.as_json:
        output.say(
            f"{receipts.unchecked} of {receipts.total} receipts are imported history: signatures and times not checked."
        )
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
    answer = session.api.object(path("epochs", epoch, "proof", address))
    root = session.api.object(path("epochs", epoch)).get("merkle_root")
    leaves = _leaves(answer)
    wrong = [leaf for leaf in leaves if not _holds(leaf, address, epoch, root)]
    if session.as_json:
        output.say_json(answer)
    else:
        output.say(f"root {root}")
        columns = ("kind", "address", ">epoch", ">µIFM", ">hashes", "proof")
        output.table(columns, (_row(leaf, leaf not in wrong) for leaf in leaves), empty="No leaves.")
    if wrong:
        raise Refused(
            "different",
            f"{len(wrong)} of the leaves are not of {address} in epoch {epoch}, or do not lead to its root.",
        )


def _leaves(answer: Row) -> list[Row]:
    """The leaves of a proof. Raises Refused when there is none, or one that has not the form of a leaf."""
    leaves = answer.get("leaves")
    if not isinstance(leaves, list) or not leaves:
        raise Refused("bad_answer", "The network's answer is no proof: it has no leaves.")
    for leaf in leaves:
        value, siblings = (leaf.get("value"), leaf.get("proof")) if isinstance(leaf, dict) else (None, None)
        if not isinstance(value, list) or len(value) != 4 or not isinstance(siblings, list):
            raise Refused(
                "bad_answer",
                "The network's answer is no proof: a leaf needs four values and a list of hashes.",
            )
    return leaves


class Receipts(NamedTuple):
    """How many receipts an epoch has, and how many of them are imported history."""

    total: int
    unchecked: int


def _differences(
    session: Session, epoch: int, level: Level, chain: tuple[str, str] | None
) -> tuple[list[Difference], Receipts | None]:
    # The rules are loaded when they are needed: other commands start without them.
    from protocol.replay import InputsInvalid, check_rewards, check_root, parse, read_report

    api, receipts = session.api, None
    shown = api.object(path("epochs", epoch))
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
            recounted, receipts = _recounted(session, epoch, inputs)
            differences += recounted
        if chain is not None:
            differences += _anchored(report, inputs, shown.get("anchor"), *chain)
    except InputsInvalid as error:
        raise Refused("bad_file", str(error)) from None
    return differences, receipts


def _anchored(
    report: Result, inputs: EpochInputs, anchor: Any, url: str, settlement: str
) -> list[Difference]:
    """Root and slashes of the contract; the network says only in which block to look for them."""
    from infra.contract import SettlementContract
    from protocol.replay import check_contract

    contract = SettlementContract(url, settlement)
    contract.require(inputs.header["chain_id"])
    block = anchor.get("block") if isinstance(anchor, dict) else None
    if type(block) is not int or block < 0:
        raise Refused("not_anchored", f"The network says that epoch {inputs.epoch} is not on a chain yet.")
    root, slashes = contract.epoch(inputs.epoch, block)
    return check_contract(report, inputs, root, slashes)


def _merged(first: list[Difference], more: list[Difference]) -> list[Difference]:
    """Both; the root is compared with that of the published rows and with that of the recomputed ones."""
    return first + [one for one in more if one not in first]


def _recounted(session: Session, epoch: int, inputs: EpochInputs) -> tuple[list[Difference], Receipts]:
    from protocol.replay import Difference, compare, recount

    made = recount(inputs, receipts_in(lines_of(session.api, epoch, "receipts"), epoch))
    wrong = [
        Difference(f"job {job}", "proof", one["published"], one["computed"])
        for job, one in made.proofs.items()
    ]
    return compare(made.published, made.computed) + wrong, Receipts(made.receipts, made.unchecked)


def _holds(leaf: Row, address: str, epoch: int, root: Any) -> bool:
    """Whether a leaf is that of an address in an epoch, and leads to the root."""
    from protocol.merkle import Leaf, verify

    try:
        kind, owner, amount, number = leaf["value"]
        if owner.lower() != address.lower() or number != epoch:
            return False
        siblings = [bytes.fromhex(one[2:]) for one in leaf["proof"]]
        return verify(bytes.fromhex(root[2:]), Leaf(kind, owner, amount, number), siblings)
    except (ValueError, TypeError, AttributeError, OverflowError):
        return False


def _row(leaf: Row, holds: bool) -> tuple[str, ...]:
    kind, address, amount, epoch = leaf["value"]
    return (
        str(kind),
        str(address),
        output.number(epoch),
        output.number(amount),
        str(len(leaf["proof"])),
        "holds" if holds else "does not hold",
    )
