"""The figures of section 15 of docs/protocol.md are those that the rules compute."""

from __future__ import annotations

from protocol.amounts import MICRO
from protocol.offences import cooldown_end
from protocol.parameters import DEFAULTS
from protocol.performance import q_factor
from protocol.pools import accrue, claimable, grow_index, redeem_shares, shares_for, value_of
from protocol.rewards import next_penalty, split_reward
from protocol.slashing import due, give_back, split_slash, take_from_parts
from protocol.tables import OFFENCES
from protocol.tiers import cooldown_length, severity_bps
from tests.docs.document import PROTOCOL, section

TEXT = PROTOCOL.read_text()
RATES = {offence.name: offence.rates(repeated=False) for offence in OFFENCES}


def example(heading: str) -> str:
    """The text of an example on one line."""
    return " ".join(section(TEXT, f"### Example {heading}").split())


def ifm(amount: int) -> str:
    """µIFM as the document writes IFM: 2,898.4375."""
    whole, fraction = divmod(amount, MICRO)
    return f"{whole:,}.{fraction:06d}".rstrip("0").rstrip(".")


def test_the_examples_are_numbered_1_to_8() -> None:
    numbers = [line.split()[2].rstrip(":") for line in TEXT.splitlines() if line.startswith("### Example ")]
    assert numbers == [str(number) for number in range(1, 9)]


def test_example_1_splits_a_reward() -> None:
    text = example("1: split of a reward")
    reward, own, pool = 100 * MICRO, 2_000 * MICRO, 2_000 * MICRO
    split = split_reward(reward, own, pool, DEFAULTS.delegator_share_bps)
    index, _ = grow_index(split.delegators, 0, pool)
    first, second = (claimable(accrue(0, held * MICRO, 0, index)) for held in (1_500, 500))
    assert f"100 × 2,000 / 4,000 = {ifm(reward * pool // (own + pool))}." in text
    assert (
        f"The delegators get {ifm(split.delegators)}, of which A gets {ifm(first)} and B {ifm(second)}"
        in text
    )
    assert f"The operator gets {ifm(split.operator)}." in text


def test_example_2_slashes_pool_and_bucket() -> None:
    text = example("2: slash with a bucket")
    own_rate, delegated_rate = RATES["invalid_proof"]
    parts = [3_500 * MICRO, 500 * MICRO]
    own, delegated = due(own_rate, 1_000 * MICRO, 0), due(delegated_rate, sum(parts), 0)
    taken = take_from_parts(delegated, parts)
    burned, honest, returned = split_slash(own + delegated, delegated, DEFAULTS, custodial=False)
    back = give_back(returned, taken)
    pool, bucket = (part - lost + got for part, lost, got in zip(parts, taken, back, strict=True))
    assert (
        f"| taken (25 %) | {ifm(own)} | {ifm(taken[0])} | {ifm(taken[1])} | X = {ifm(own + delegated)} |"
        in text
    )
    assert f"| returned | | {ifm(back[0])} | {ifm(back[1])} | {ifm(returned)} |" in text
    assert f"| after | {ifm(1_000 * MICRO - own)} | {ifm(pool)} | {ifm(bucket)} | |" in text
    assert f"The honest part is {ifm(honest)} and {ifm(burned)} is burned." in text
    assert f"are now worth {ifm(value_of(3_000 * MICRO, pool, 3_500 * MICRO))}." in text


def test_example_3_punishes_two_offences_once() -> None:
    text = example("3: two offences in one epoch")
    first, second = RATES["invalid_proof"][0], RATES["dropout"][0]
    base = 1_000 * MICRO
    assert f"`invalid_proof` ({first // 100} %) and `dropout` ({second // 100} %)" in text
    assert due(second, base, due(first, base, 0)) == 0
    assert due(second, base, 0) == second * base // 10_000
    assert f"the second would take its {second // 100} %" in text


def test_example_4_takes_a_first_drop_from_the_operator() -> None:
    text = example("4: first SLA drop")
    own_rate, delegated_rate = RATES["sla_drop"]
    own, delegated = due(own_rate, 2_000 * MICRO, 0), due(delegated_rate, 8_000 * MICRO, 0)
    burned, honest, returned = split_slash(own + delegated, delegated, DEFAULTS, custodial=False)
    assert f"X = {ifm(own + delegated)}. The honest part is {ifm(honest)}." in text
    assert f"{ifm(honest)}, {ifm(delegated)}) = {ifm(returned)}." in text
    assert f"The other {ifm(burned)} are burned." in text


def test_example_5_computes_q() -> None:
    terms = q_factor(DEFAULTS, 9_400, 9_910, 2_400 * MICRO, 0, 10_000)
    sum_of_terms = f"10,000 + {terms.latency} + {terms.uptime:,} + {terms.stake} + {terms.scarcity}"
    assert f"Q = {sum_of_terms} = {terms.q:,} bps, or 1.24×." in example("5: Q factor")


def test_example_6_ends_a_cooldown() -> None:
    length = cooldown_length(DEFAULTS, tier=2)
    end = cooldown_end(10, length)
    text = example("6: cooldown")
    assert f"= {length} epochs: 11 … {end}. It ends in step 7 of the settlement of epoch {end}." in text


def test_example_7_rounds_shares_for_those_who_stay() -> None:
    text = example("7: pool shares")
    tokens, shares, amount = 750 * MICRO, 1_000 * MICRO, 100 * MICRO
    issued = shares_for(amount, tokens, shares)
    tokens, shares = tokens + amount, shares + issued
    assert f"it gets {issued:,} shares, worth {ifm(value_of(issued, tokens, shares))}." in text
    leaving = redeem_shares(50 * MICRO, issued, tokens, shares)
    assert f"When it undelegates {ifm(leaving.amount)}, {leaving.burned:,} shares are burned." in text
    assert (tokens - leaving.amount) * shares >= tokens * (shares - leaving.burned)


def test_example_8_adds_up_a_penalty() -> None:
    severity = severity_bps(DEFAULTS, tier=1)
    penalty = next_penalty(DEFAULTS, 1_000, 3, severity, high_performer=True, slashes=1)
    each = DEFAULTS.failure_penalty_bps * severity // 10_000
    terms = f"{1_000 * DEFAULTS.penalty_decay_bps // 10_000} + {each // 2} + {each} + {each} + 2,500"
    assert f"The new penalty is {terms} = {penalty:,} bps." in example("8: ranking penalty")
