"""The action that takes IFM out to the chain."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext, gettext_lazy

from delegation.pages.actions import base, rows
from delegation.pages.actions.base import Action, Outcome, Preview, Row, Shortcut
from delegation.pages.actions.context import ActionContext
from delegation.pages.actions.forms import ExitForm
from staking.services.exits import request_exit
from web.formatting import grouped_int, ifm_unit, moment_text


class Exit(Action[ExitForm]):
    name = "exit"
    form_class = ExitForm
    heading = gettext_lazy("Take IFM out")
    title = gettext_lazy("Take {amount} IFM out")
    done = gettext_lazy("Taking {amount} IFM out")
    button = gettext_lazy("Review exit")
    note = gettext_lazy("IFM leaves with the settlement of the open epoch.")
    next_step = gettext_lazy(
        "It leaves when the epoch is settled. Once the chain accepts its proof, your exits show the transactions that "
        "unlock it in your wallet."
    )
    needs = "wallet"

    def shortcuts(self, context: ActionContext) -> list[Shortcut]:
        return base.most(gettext("All available"), context.available)

    def run(self, form: ExitForm, now: datetime) -> Outcome:
        amount = form.cleaned_amount or 0
        recorded = request_exit(wallet=form.context.wallet, amount=amount, now=now)
        return Outcome(recorded.transaction, amount)

    def preview(self, form: ExitForm, outcome: Outcome) -> Preview:
        context = form.context
        epoch = context.epoch
        settled = gettext("when epoch %(n)s is settled, after %(at)s") % {
            "n": grouped_int(epoch.number), "at": moment_text(epoch.end),
        }  # fmt: skip
        provable = gettext("once a later epoch is on the chain, epoch %(n)s at the earliest") % {
            "n": grouped_int(epoch.number + 1)
        }
        lines: list[Row] = [
            rows.from_wallet(context),
            (gettext("To"), gettext("the same address on the chain")),
            (gettext("Amount"), ifm_unit(outcome.amount)),
            (gettext("Available afterwards"), ifm_unit(context.available - outcome.amount)),
            (gettext("Leaves the protocol"), settled),
            (gettext("Can be unlocked"), provable),
            (
                gettext("Unlocked by"),
                gettext("a transaction that you or anyone else sends to the token contract"),
            ),
        ]
        return Preview(lines, gettext("An exit cannot be cancelled. The IFM earns nothing meanwhile."))
