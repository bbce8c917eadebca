"""View models of epochs: epochs.html gets an EpochsPage, epoch.html an EpochPage, each as `page`.

µIFM, bps, ms; None is unknown.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from chain.selectors import OFF, EpochAnchor
from web.charts import Chart
from web.listing import Pager, Sort

EpochStatus = Literal["open", "settling", "settled"]
SlashStatus = Literal["pending", "disputed", "executed", "overturned"]


@dataclass(frozen=True, slots=True)
class EpochRow:
    """Amounts are None until the epoch is settled."""

    number: int
    start: dt.datetime
    end: dt.datetime
    status: EpochStatus
    parameters_version: int
    nodes: int | None = None
    pool: int | None = None
    operators: int | None = None
    delegators: int | None = None
    distributed: int | None = None
    carry: int | None = None
    burned: int | None = None
    merkle_root: str = ""
    anchor: EpochAnchor = OFF


@dataclass(frozen=True, slots=True)
class EpochsPage:
    """`/epochs/`. `settled`: how many so far; `distributed` and `burned`: over all of them."""

    rows: tuple[EpochRow, ...]
    pager: Pager
    settled: int
    distributed: int
    burned: int
    emission: int
    chart: Chart | None = None


@dataclass(frozen=True, slots=True)
class EpochNodeRow:
    """`weight_ppm`: its weight as part of all weights, in millionths. `credits` in µIFM."""

    address: str
    name: str
    credits: int
    bonus_bps: int
    q_bps: int
    weight_ppm: int
    reward: int
    operator: int
    delegators: int
    honest: int = 0


@dataclass(frozen=True, slots=True)
class EpochSlashRow:
    """A slash created or executed in the epoch. The split is None until it is executed."""

    node: str
    name: str
    offence: str
    epoch: int
    status: SlashStatus
    self_bps: int
    delegated_bps: int
    custodial: bool
    slashed: int | None = None
    burned: int | None = None
    honest: int | None = None
    returned: int | None = None
    ban: bool = False
    href: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the settlement: what it did, and how many or how much."""

    title: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class ParameterChange:
    name: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class EpochParameters:
    """The version in force: since when, what it changed, and the values that a reader of a report asks for."""

    version: int
    from_epoch: int
    emission: int
    slash_split_bps: tuple[int, int, int]
    dispute_windows: tuple[int, int]
    changes: tuple[ParameterChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Settlement:
    """The sums of a settled epoch: carry_in + fees + minted = pool = operators + delegators + carry."""

    settled_at: dt.datetime
    took_ms: int | None
    carry_in: int
    fees: int
    minted: int
    pool: int
    operators: int
    delegators: int
    carry: int
    burned: int
    honest: int
    returned: int
    rewarded: int
    leaves: int
    merkle_root: str
    journal_last: int
    journal_hash: str
    plan_hash: str = ""
    anchor: EpochAnchor = OFF

    @property
    def distributed(self) -> int:
        return self.operators + self.delegators

    @property
    def adds_up(self) -> bool:
        return self.pool == self.distributed + self.carry


@dataclass(frozen=True, slots=True)
class EpochPage:
    """`/epochs/N/`. `settlement` is None while the epoch is open or settling: then only `so_far` is known."""

    number: int
    start: dt.datetime
    end: dt.datetime
    status: EpochStatus
    parameters: EpochParameters
    settlement: Settlement | None
    previous: int | None
    next: int | None
    so_far_accepted: int | None = None
    so_far_nodes: int | None = None
    rows: tuple[EpochNodeRow, ...] = ()
    pager: Pager | None = None
    sort: Sort | None = None
    search: str = ""
    slashes: tuple[EpochSlashRow, ...] = ()
    steps: tuple[Step, ...] = ()
    chart: Chart | None = None
