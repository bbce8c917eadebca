"""Decorator that makes a function a command: the options all commands share, and the exit status."""

from __future__ import annotations

import inspect
import uuid
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

import typer

from infra import output
from infra.refusals import Refused
from infra.session import Session

Url = Annotated[str | None, typer.Option("--url", help="The network's address, else INFRA_URL or the file.")]
Json = Annotated[bool, typer.Option("--json", help="Print the API's answer.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before money moves.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be sent and send nothing.")]
Key = Annotated[
    str | None,
    typer.Option("--idempotency-key", help="Repeat an earlier run: the same key takes effect once."),
]

NodeOption = Annotated[str, typer.Option("--node", help="The node's address, or a prefix only it has.")]
AmountOption = Annotated[str, typer.Option("--amount", help="IFM, at most 6 decimals.")]


def command(
    name: str, *, changes_state: bool = False
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a command whose function takes a Session first; the shared options are added behind its own.

    `changes_state` adds `--yes`, `--dry-run` and `--idempotency-key`.
    """

    def dress(function: Callable[..., None]) -> Callable[..., None]:
        @wraps(function)
        def run(context: typer.Context, **options: Any) -> None:
            session = _session(context, options)
            try:
                function(session, **options)
            except Refused as refusal:
                output.refuse(refusal, as_json=session.as_json)
                raise typer.Exit(1) from None

        signature = inspect.signature(function, eval_str=True)
        own = list(signature.parameters.values())[1:]
        run.__signature__ = signature.replace(parameters=[_CONTEXT, *own, *_shared(changes_state)])  # type: ignore[attr-defined]
        # Typer reads the annotations of the signature; those of the wrapped function name the session.
        run.__annotations__ = {}
        del run.__wrapped__
        run.command_name = name  # type: ignore[attr-defined]
        return run

    return dress


def _session(context: typer.Context, options: dict[str, Any]) -> Session:
    before = context.obj or {}
    return Session(
        typed_url=options.pop("url") or before.get("url"),
        as_json=options.pop("as_json") or before.get("as_json", False),
        yes=options.pop("yes", False),
        dry_run=options.pop("dry_run", False),
        key=options.pop("idempotency_key", None) or str(uuid.uuid4()),
    )


def _shared(changes_state: bool) -> list[inspect.Parameter]:
    options = [("url", Url, None), ("as_json", Json, False)]
    if changes_state:
        options = [("yes", Yes, False), ("dry_run", DryRun, False), ("idempotency_key", Key, None), *options]
    return [_option(name, kind, default) for name, kind, default in options]


def _option(name: str, kind: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)


_CONTEXT = inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
