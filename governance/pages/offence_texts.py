"""What pages say of each offence: the rule it breaks, what was recorded, useful evidence, the figure of its chart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy, ngettext

from protocol import offences
from staking.models import Slash
from web.formatting import grouped_int, percent, rate


@dataclass(frozen=True, slots=True)
class OffenceText:
    """The texts of an offence. `rule` has the parameters of `rule()` as placeholders.

    `facts`: what was recorded, from the slash. `counted`: (column of NodeEpoch, its name), for an offence of counted
    events.
    """

    rule: Promise
    facts: Callable[[Slash], str]
    evidence: tuple[Promise, ...]
    counted: tuple[str, Promise] | None = None


def rule(offence: str, params: Any) -> str:
    """Return the rule that an offence breaks, in words (section 8)."""
    return str(OFFENCE_TEXTS[offence].rule) % {
        "min_jobs": params.sla_min_jobs,
        "threshold": rate(params.sla_threshold_bps),
        "window": params.sla_strike_window_epochs,
        "mismatches": params.schema_mismatch_limit,
    }


def facts(slash: Slash) -> str:
    """Return what was recorded about the node in the epoch of the offence, with figures."""
    return OFFENCE_TEXTS[slash.offence].facts(slash)


def evidence(offence: str) -> list[str]:
    """Return what an operator can submit against a slash for an offence."""
    return [str(line) for line in OFFENCE_TEXTS[offence].evidence]


def _sla_drop(slash: Slash) -> str:
    measured = slash.measured
    sentence = gettext(
        "%(good)s of %(accepted)s accepted jobs were good: an SLA of %(sla)s, below the threshold of %(threshold)s."
    )
    return sentence % {
        "good": grouped_int(measured["good"]),
        "accepted": grouped_int(measured["accepted"]),
        "sla": percent(measured["sla_bps"]),
        "threshold": rate(measured["sla_threshold_bps"]),
    }


def _invalid_proof(slash: Slash) -> str:
    n = len(slash.evidence)
    return ngettext(
        "%(n)s receipt was not signed with the node’s signing key.",
        "%(n)s receipts were not signed with the node’s signing key.",
        n,
    ) % {"n": grouped_int(n)}


def _forged_trace(slash: Slash) -> str:
    n = len(slash.evidence)
    return ngettext(
        "A quorum executed %(n)s job again and got a different trace.",
        "A quorum executed %(n)s jobs again and got different traces.",
        n,
    ) % {"n": grouped_int(n)}


def _dropout(slash: Slash) -> str:
    n = len(slash.evidence)
    return ngettext(
        "The node accepted %(n)s job and dropped it.", "The node accepted %(n)s jobs and dropped them.", n
    ) % {"n": grouped_int(n)}


def _fake_resources(slash: Slash) -> str:
    fields = ", ".join(slash.measured.get("shortfalls", ()))
    return gettext("The oracle measured less than the node declares: %(fields)s.") % {"fields": fields}


def _schema_mismatch(slash: Slash) -> str:
    n = len(slash.evidence)
    return ngettext(
        "%(n)s result did not follow the schema of its job class.",
        "%(n)s results did not follow the schema of their job class.",
        n,
    ) % {"n": grouped_int(n)}


OFFENCE_TEXTS = {
    offences.SLA_DROP: OffenceText(
        gettext_lazy(
            "A node that accepts at least %(min_jobs)s jobs in an epoch must complete %(threshold)s of them correctly "
            "and in time. The first drop costs only the operator; a repeated one within %(window)s epochs also costs "
            "the delegators."
        ),
        _sla_drop,
        (
            gettext_lazy(
                "The jobs that count as failed although your node finished them in time, with your log lines."
            ),
            gettext_lazy("Outages of the network or the oracle in the epoch, with times and a public source."),
            gettext_lazy("Your own count of good and accepted jobs of the epoch."),
        ),
    ),
    offences.INVALID_PROOF: OffenceText(
        gettext_lazy(
            "Every receipt must be signed with the node’s signing key. One receipt with another signature is an "
            "offence."
        ),
        _invalid_proof,
        (
            gettext_lazy("The digest and the signature of each receipt listed here, as your node sent them."),
            gettext_lazy("The signing key that the node used at that time, and when you changed it."),
        ),
        ("invalid", gettext_lazy("Invalid signatures")),
    ),
    offences.FORGED_TRACE: OffenceText(
        gettext_lazy(
            "When a quorum of nodes executes a job again, its trace must equal the trace that the node signed. One "
            "different trace is an offence."
        ),
        _forged_trace,
        (
            gettext_lazy("Input, seed and software versions of each job, so that voters can execute it again."),
            gettext_lazy("Your trace, and the step at which the trace of the quorum differs."),
        ),
        ("forged", gettext_lazy("Forged traces")),
    ),
    offences.DROPOUT: OffenceText(
        gettext_lazy("A node must finish every job that it accepts. One dropped job is an offence."),
        _dropout,
        (
            gettext_lazy("The result that your node sent, with the time and the answer of the scheduler."),
            gettext_lazy(
                "The cause of the failure, if it was not your node: client, scheduler or network, with a source."
            ),
        ),
        ("dropped", gettext_lazy("Dropped jobs")),
    ),
    offences.FAKE_RESOURCES: OffenceText(
        gettext_lazy("No measured hardware value may be below the value that the node declares."),
        _fake_resources,
        (
            gettext_lazy("The output of your hardware tools from the time of the measurement, for example nvidia-smi."),
            gettext_lazy("What used the hardware during the measurement."),
            gettext_lazy("Serial numbers or a bill of the declared hardware."),
        ),
    ),
    offences.SCHEMA_MISMATCH: OffenceText(
        gettext_lazy(
            "Results must follow the schema of their job class. %(mismatches)s results in one epoch that do not are an "
            "offence."
        ),
        _schema_mismatch,
        (
            gettext_lazy("The results listed here and the version of the schema that your node used."),
            gettext_lazy("The output of a validator for each result."),
        ),
        ("mismatched", gettext_lazy("Schema mismatches")),
    ),
}  # fmt: skip
