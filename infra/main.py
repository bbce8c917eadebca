"""The command `infra`: every command in the order of its help."""

from __future__ import annotations

from typing import Annotated

import typer

from infra import __version__
from infra.commands import (
    cases,
    claim,
    delegate,
    epochs,
    exits,
    login,
    nodes,
    oracle,
    plan,
    represent,
    stake,
    status,
    unbonding,
    verify,
)

app = typer.Typer(
    no_args_is_help=True,
    # Help through rich takes three times as long as all the rest of a start.
    rich_markup_mode=None,
    # A traceback with local values could show a token.
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"infra {__version__}")
        raise typer.Exit


@app.callback()
def infra(
    context: typer.Context,
    url: Annotated[str | None, typer.Option("--url", help="The network's address.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the API's answer.")] = False,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True)] = False,
) -> None:
    """Stake, delegate and vote on an InfraMind network from the command line.

    Exit status: 0 done, 1 refused (the code and a sentence on stderr), 2 wrong usage.
    """
    context.obj = {"url": url, "as_json": as_json}


for run in (
    login.login, login.logout, nodes.nodes, status.status,
    stake.stake, stake.unstake, delegate.delegate, delegate.undelegate, delegate.redelegate,
    plan.plan, claim.claim, unbonding.unbonding, exits.take_out, cases.slashes, cases.dispute, cases.vote,
    represent.represent, epochs.epochs, epochs.rank, verify.verify, verify.proof, oracle.heartbeat, oracle.watch,
):  # fmt: skip
    app.command(run.command_name)(run)  # type: ignore[attr-defined]

receipts = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Receipts of an oracle.")
receipts.command("send")(oracle.send_receipts)
app.add_typer(receipts, name="receipts")
