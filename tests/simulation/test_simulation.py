"""Random runs of a network on the real services, compared with the plain model and audited after each epoch.

`make soak` lives through 500 epochs. A failure leaves the log of its operations, and `make soak ARGS="--replay FILE"`
lives through them again. A life of ten epochs or more says what memory and connections it had after its first tenth and
has at its end.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from django.core.management import call_command
from django.db import connection

from inframind.environment import PROJECT_ROOT
from staking.models import Archive
from tests.network import wallet
from tests.reference.participants import DAY, WALLETS
from tests.reference.test_machine import Crowd
from tests.simulation.recorded import FAULTS, Recorded, recorded_pair, save

pytestmark = pytest.mark.django_db(transaction=True)

# A fault in one gap of eight between two operations.
FAULT_CHANCE = 0.125
LOGS = PROJECT_ROOT / ".data" / "simulation"


# Values that are in bounds together, whatever else is in force.
CHANGES: dict[str, list[int]] = {
    "emission_per_epoch": [0, 500, 1_000, 2_000],
    "min_amount": [1, 3, 10],
    "dispute_deposit": [0, 50, 120],
    "quorum_bps": [100, 1_000, 4_000],
    "delegator_share_max_cut_bps": [0, 500, 5_000],
    "unbonding_seconds": [3 * DAY, 4 * DAY, 6 * DAY],
    "cooldown_epochs": [1, 2, 3],
    "sla_min_jobs": [4, 8, 12],
    "sla_threshold_bps": [8_000, 8_500, 9_500],
    "schema_mismatch_limit": [2, 3],
    "failure_penalty_bps": [0, 500, 2_000],
    "penalty_decay_bps": [0, 5_000, 9_900],
    "uptime_floor_bps": [4_000, 8_000],
    "q_stake_saturation": [1_000_000, 10_000_000_000],
    "timelock_epochs": [0, 1, 2],
}


class Life(Crowd):
    """The crowd of the random runs, with votes on parameters, and with faults between its operations."""

    def __init__(self, pair: Recorded, dice: random.Random) -> None:
        super().__init__(pair, dice)
        self.actions += [self.propose, self.vote_proposal, self.vote_proposal, self.vote_proposal]

    def propose(self) -> None:
        names = self.dice.sample(sorted(CHANGES), self.dice.choice([1, 1, 2]))
        changes = [(name, self.dice.choice(CHANGES[name])) for name in names]
        refused = self.pair.act("propose", changes, self.person())
        if refused is None and self.dice.random() < 0.6:
            for number in WALLETS[:3]:
                self.pair.act("vote_proposal", len(self.pair.model.proposals) - 1, wallet(number), "for")

    def vote_proposal(self) -> None:
        proposals = self.pair.model.proposals
        recent = [number for number, one in enumerate(proposals) if one.closes >= self.pair.model.epoch]
        if recent:
            choice = self.dice.choice(["for", "for", "for", "against", "abstain"])
            self.pair.act("vote_proposal", self.dice.choice(recent), self.person(), choice)

    def epoch(self) -> None:
        actions = self.actions
        self.actions = [self._disturbed(act) for act in actions]
        super().epoch()
        self.actions = actions

    def every_fault(self) -> None:
        for name in FAULTS:
            self.pair.fault(name)

    def _disturbed(self, act):  # type: ignore[no-untyped-def]
        def call() -> None:
            if self.dice.random() < FAULT_CHANCE:
                self.pair.fault(self.dice.choice(FAULTS), self.dice.randrange(1_000))
            act()

        return call


def live(seed: int, epochs: int, logs: Path = LOGS, say: Callable[[str], None] | None = None) -> Recorded:
    """A life with every fault at its end; its log is saved when it fails. `say` receives its footprint twice."""
    pair = recorded_pair()
    life = Life(pair, random.Random(seed))
    try:
        for number in range(1, epochs + 1):
            life.epoch()
            if say is not None and number in (epochs // 10, epochs):
                say(f"after {number} epochs: {footprint()}")
        life.every_fault()
    except BaseException as fault:
        path = logs / f"seed-{seed}.ndjson"
        save(pair.log, path)
        fault.add_note(
            f"seed {seed}, epoch {pair.model.epoch}, operation {len(pair.log)}; replay: --replay {path}"
        )
        raise
    return pair


def footprint() -> str:
    """Memory of this process, connections to its database, and the size of the database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), pg_database_size(current_database()) FROM pg_stat_activity"
            " WHERE datname = current_database()"
        )
        connections, size = cursor.fetchone()
    memory = psutil.Process().memory_info().rss
    return f"{memory // 1_000_000} MB of memory, {connections} connections, {size // 1_000_000} MB in the database"


def test_a_random_life_is_exact_whatever_happens_between_two_operations(
    pytestconfig: pytest.Config, capsys: pytest.CaptureFixture[str]
) -> None:
    replay = pytestconfig.getoption("--replay")
    if replay:
        pair = recorded_pair()
        for line in Path(replay).read_text().splitlines():
            pair.replay(line)
        return
    seed = pytestconfig.getoption("--seed")
    epochs = pytestconfig.getoption("--epochs") or 3

    def say(line: str) -> None:
        with capsys.disabled():
            print(f"\n{line}", end="")

    pair = live(7 if seed is None else seed, epochs, say=say if epochs >= 10 else None)
    assert {line.split('"')[1] for line in pair.log} > {"act", "work", "settle", "fault"}
    assert Archive.objects.filter(kind="receipts").exclude(dropped_at=None).exists()
    assert pair.restores > 0


def test_the_log_of_a_life_replays_it(tmp_path: Path) -> None:
    """Two epochs, then an error that is none of the network's: its log makes the same network again."""
    with pytest.raises(ZeroDivisionError) as failure:
        _broken(tmp_path)
    assert f"--replay {tmp_path}" in failure.value.__notes__[0]
    lines = (tmp_path / "seed-3.ndjson").read_text().splitlines()
    assert len(lines) > 20
    call_command("flush", interactive=False, verbosity=0)
    again = recorded_pair()
    for line in lines:
        again.replay(line)
    assert again.log == lines
    assert again.model.epoch == 2


def _broken(logs: Path) -> None:
    settle = Recorded.settle

    def fail(self: Recorded) -> None:
        if self.model.epoch == 2:
            self.log.pop()
            raise ZeroDivisionError
        settle(self)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Recorded, "settle", fail)
        live(3, 5, logs)
