"""The output after an action: a sentence, then the current state."""

from __future__ import annotations

from infra import amounts, output
from infra.client import Row
from infra.session import Session


def report(session: Session, answer: Row | None, sentence: str) -> None:
    """Print the API's answer to an action; nothing after a dry run, which has shown its request."""
    if answer is None:
        return
    if session.as_json:
        output.say_json(answer)
        return
    output.say(sentence)
    output.facts(_node(answer.get("node")) + _unbonding(answer.get("unbonding")) + _wallet(answer))


def _node(node: object) -> list[tuple[str, object]]:
    if not isinstance(node, dict):
        return []
    stake = f"{amounts.show(node['effective_stake'])} IFM, tier {node['tier']}"
    return [("node", node["address"]), ("stake", stake)]


def _unbonding(entry: object) -> list[tuple[str, object]]:
    if not isinstance(entry, dict):
        return []
    worth = f"{entry['id']}: {amounts.show(entry['amount'])} IFM, {entry['status']}"
    return [("unbonding", worth), ("matures", output.moment(entry["matures_at"]))]


def _wallet(answer: Row) -> list[tuple[str, object]]:
    lines: list[tuple[str, object]] = []
    if isinstance(answer.get("wallet"), dict):
        lines.append(("available", f"{amounts.show(answer['wallet']['available'])} IFM"))
    if answer.get("transaction") is not None:
        lines.append(("transaction", answer["transaction"]))
    return lines
