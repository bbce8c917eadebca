"""`/how/`: the protocol explained, with every number taken from the parameters in force."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from protocol.amounts import MICRO
from protocol.parameters import DEFAULTS, Parameters
from protocol.performance import QTerms, q_factor
from protocol.rewards import RewardSplit, split_reward
from protocol.slashing import SlashSplit, split_slash
from staking.pages.waterfall import QBreakdown
from staking.services.epochs import open_epoch

# The node of the worked examples: 94 percent of nodes slower, heard 99.1 percent of the time, every job good.
PERCENTILE, UPTIME, STAKE = 9_400, 9_910, 2_400 * MICRO
REWARD, OWN, DELEGATED, YOURS = 100 * MICRO, 2_000 * MICRO, 2_000 * MICRO, 1_500 * MICRO
SLASHED_OWN, SLASHED_DELEGATED = 1_000 * MICRO, 4_000 * MICRO


@dataclass(frozen=True, slots=True)
class SplitExample:
    """The division of REWARD: the parts of the operator, all delegators and a holder of YOURS, in µIFM."""

    split: RewardSplit
    yours: int
    share_bps: int
    reward: int = REWARD
    own: int = OWN
    delegated: int = DELEGATED
    held: int = YOURS


@dataclass(frozen=True, slots=True)
class SlashExample:
    """The slash of an invalid proof against SLASHED_OWN and SLASHED_DELEGATED, in µIFM."""

    self_bps: int
    delegated_bps: int
    taken_own: int
    taken_delegated: int
    split: SlashSplit
    own: int = SLASHED_OWN
    delegated: int = SLASHED_DELEGATED

    @property
    def taken(self) -> int:
        return self.taken_own + self.taken_delegated

    @property
    def net_delegated(self) -> int:
        """The net loss of its delegators, after what is returned to them."""
        return self.taken_delegated - self.split.returned


@dataclass(frozen=True, slots=True)
class HowPage:
    params: Parameters
    epoch: int
    q: QBreakdown
    terms: QTerms
    reward: SplitExample
    slash: SlashExample


@require_safe
def how(request: HttpRequest) -> HttpResponse:
    epoch = open_epoch()
    params, number = (epoch.params, epoch.number) if epoch else (DEFAULTS, 1)
    terms = q_factor(params, PERCENTILE, UPTIME, STAKE, 0, 10_000)
    page = HowPage(params, number, _breakdown(params, terms, number), terms, _reward(params), _slash(params))
    return render(request, "staking/how.html", {"page": page})


def _breakdown(params: Parameters, terms: QTerms, epoch: int) -> QBreakdown:
    return QBreakdown(
        q_bps=terms.q, latency=terms.latency, uptime=terms.uptime, stake=terms.stake, scarcity=terms.scarcity,
        sla_factor_bps=terms.sla, max_latency=params.q_latency_bps, max_uptime=params.q_uptime_bps,
        max_stake=params.q_stake_bps, max_scarcity=params.q_scarcity_bps, latency_percentile_bps=PERCENTILE,
        uptime_bps=UPTIME, uptime_floor_bps=params.uptime_floor_bps, active_stake=STAKE,
        stake_saturation=params.q_stake_saturation, scarcity_bps=0, region=gettext("Its region"), sla_bps=10_000,
        sla_full_bps=params.sla_full_bps, as_of=gettext("in this example"),
    )  # fmt: skip


def _reward(params: Parameters) -> SplitExample:
    split = split_reward(REWARD, OWN, DELEGATED, params.delegator_share_bps)
    return SplitExample(split, split.delegators * YOURS // DELEGATED, params.delegator_share_bps)


def _slash(params: Parameters) -> SlashExample:
    offence = next(row for row in params.offences if row.name == "invalid_proof")
    own = SLASHED_OWN * offence.self_bps // 10_000
    delegated = SLASHED_DELEGATED * offence.delegated_bps // 10_000
    split = split_slash(own + delegated, delegated, params, custodial=False)
    return SlashExample(offence.self_bps, offence.delegated_bps, own, delegated, split)
