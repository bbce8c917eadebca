"""`infra status`: the network, one's stake, or one node."""

from __future__ import annotations

from typing import Annotated

import typer

from infra import amounts, output
from infra.client import Row, path
from infra.command import command
from infra.session import Session

WALLET = ("total", "available", "staked", "delegated", "unbonding", "claimable")
NODE_STAKE = (
    "self_stake", "delegated", "effective_stake", "pending_stake",
    "unbonding", "delegation_cap", "delegation_room",
)  # fmt: skip
STAKE_COLUMNS = (
    "node", "name", "status", ">tier", ">self stake", ">delegated", ">effective", ">pending", ">unbonding",
)  # fmt: skip


@command("status")
def status(
    session: Session,
    *,
    stake: Annotated[bool, typer.Option("--stake", help="Your stake, wallet and nodes.")] = False,
    node: Annotated[str | None, typer.Option("--node", help="One node: its address or a prefix.")] = None,
) -> None:
    """The open epoch and your wallet; with --stake your stake; with --node that node."""
    if node:
        _one_node(session, node, stake)
    elif stake:
        _my_stake(session)
    else:
        _network(session)


def _one_node(session: Session, typed: str, stake: bool) -> None:
    node: Row = session.api.get(path("nodes", session.node(typed)))
    if session.as_json:
        output.say_json(node)
    else:
        output.facts(_identity(node) + _stakes(node) + ([] if stake else _performance(node)))


def _my_stake(session: Session) -> None:
    wallet = session.me()
    nodes = session.api.pages("nodes", {"operator": wallet["address"]})["results"]
    if session.as_json:
        output.say_json({"me": wallet, "nodes": nodes})
        return
    output.facts(wallet_facts(wallet))
    output.say("")
    output.table(STAKE_COLUMNS, map(_stake_row, nodes), empty="You operate no node.")


def _network(session: Session) -> None:
    epochs = session.api.get("epochs", {"limit": 10})["results"]
    epoch = next((row for row in epochs if row["status"] == "open"), epochs[0] if epochs else None)
    wallet = session.me() if session.token else None
    if session.as_json:
        output.say_json({"epoch": epoch, "me": wallet})
        return
    output.facts([("network", session.url), *_epoch(epoch), *(wallet_facts(wallet) if wallet else [])])
    if not wallet:
        output.say("Not signed in: `infra login` shows your wallet here.")


def wallet_facts(wallet: Row) -> list[tuple[str, object]]:
    """A wallet's address, balances and voting power."""
    sums: list[tuple[str, object]] = [(name, f"{amounts.show(wallet[name])} IFM") for name in WALLET]
    return [("wallet", wallet["address"]), *sums, ("voting power", amounts.show(wallet["voting_power"]))]


def _epoch(epoch: Row | None) -> list[tuple[str, object]]:
    if not epoch:
        return []
    return [("epoch", f"{epoch['number']} ({epoch['status']})"), ("ends", output.moment(epoch["end"]))]


def _identity(node: Row) -> list[tuple[str, object]]:
    return [
        ("node", node["address"]),
        ("name", node.get("name") or "–"),
        ("operator", node["operator"]),
        ("region", node.get("region") or "–"),
        ("status", node["status"]),
        ("tier", node["tier"]),
    ]


def _stakes(node: Row) -> list[tuple[str, object]]:
    return [(name.replace("_", " "), _ifm(node.get(name))) for name in NODE_STAKE]


def _performance(node: Row) -> list[tuple[str, object]]:
    latency = node.get("latency_ms")
    return [
        ("delegator share", output.bps(node.get("delegator_share_bps"))),
        ("rank", output.number(node.get("rank"))),
        ("score", output.factor(node.get("score_bps"))),
        ("Q factor", output.factor(node.get("q_bps"))),
        ("SLA", output.bps(node.get("sla_bps"))),
        ("uptime", output.bps(node.get("uptime_bps"))),
        ("latency", "–" if latency is None else f"{latency} ms"),
        ("faster than", output.bps(node.get("latency_percentile_bps"))),
        ("reputation", output.number(node.get("reputation"))),
        ("estimated APR", output.bps(node.get("estimated_apr_bps"))),
        ("custodial", "yes" if node.get("custodial") else "no"),
    ]


def _stake_row(node: Row) -> tuple[str, ...]:
    return (
        node["address"],
        node.get("name") or "",
        node["status"],
        output.number(node["tier"]),
        amounts.show(node["self_stake"]),
        amounts.show(node["delegated"]),
        amounts.show(node["effective_stake"]),
        amounts.show(node.get("pending_stake")),
        amounts.show(node.get("unbonding")),
    )


def _ifm(amount: str | None) -> str:
    return "–" if amount is None else f"{amounts.show(amount)} IFM"
