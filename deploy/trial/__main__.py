"""The trial itself; the steps in their order. Exit status 1 when one fails."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from deploy.trial import migration, throughput
from deploy.trial.report import Failed, figure, require, step, wait_for
from deploy.trial.site import Network, previous_commit
from deploy.trial.traffic import Oracle, Reader, Traffic
from deploy.trial.units import make_user

# Issue: serving again after any single kill.
RECOVERY_SECONDS = 30
PARTS = ("hosts", "kills", "upgrade")


def main() -> int:
    options = _options()
    root = Path(tempfile.mkdtemp(prefix="inframind-try-"))
    root.chmod(0o755)
    print(f"Trial in {root}")
    network: Network | None = None
    try:
        make_user()
        with step("Servers: PostgreSQL with archived log, pgbouncer, Redis, nginx with TLS"):
            network = Network(root)
        _try(network, options.start or previous_commit(), options.parts or PARTS)
    except Failed as fault:
        print(f"FAILED: {fault}\nLogs are in {root}", file=sys.stderr)
        return 1
    finally:
        if network is not None:
            network.stop()
    if not options.keep:
        shutil.rmtree(root)
    print("The trial passed.")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="deploy/try")
    parser.add_argument("--from", dest="start", help="commit that the upgrade starts from")
    for part in PARTS:
        parser.add_argument(
            f"--{part}", dest="parts", action="append_const", const=part, help="this part alone"
        )
    parser.add_argument("--keep", action="store_true", help="keep the folder of the trial")
    return parser.parse_args()


def _try(network: Network, ref: str, parts: Sequence[str]) -> None:
    with step(f"First installation of {ref}: tables, static files, genesis, two hosts of everything"):
        _install(network, ref)
    oracle = Oracle(network.client("0x" + "0c" * 20, "--oracle"), network.nodes)
    reader = Reader(network.client())
    if "hosts" in parts:
        with step("Reads and receipts a second with one web host and with two"):
            throughput.measure(network, oracle)
    traffic = Traffic(oracle.send, reader.read)
    try:
        with step("Two epochs settle under traffic"):
            network.settle_next()
            require(not reader.errors(0), f"{reader.errors(0)} of {reader.count(0)} reads failed")
        if "kills" in parts:
            _break(network, oracle, reader, traffic)
            traffic = Traffic(oracle.send, reader.read)
        if "upgrade" in parts:
            _upgrade(network, ref, oracle, reader)
    finally:
        traffic.stop()
    _audit(network, oracle)
    figure(
        f"{len(oracle.acknowledged):,} receipts acknowledged, all recorded once; {len(reader.answers):,} reads"
    )


def _break(network: Network, oracle: Oracle, reader: Reader, traffic: Traffic) -> None:
    """Kill each part, then lose the database server; there is no traffic any more afterwards."""
    for name, kill, restart in _kills(network):
        with step(f"kill -9: {name}"):
            _kill(oracle, reader, kill, restart)
    with step("Two epochs settle after the kills, and the audit is clean"):
        network.settle_next()
        _audit(network, oracle)
    with step("Backup under traffic"):
        network.postgres.backrest("--type=full", "backup")
    with step("The database server is lost: hold, restore, the oracle resends, release"):
        traffic.stop()
        _restore(network, oracle)


def _install(network: Network, ref: str) -> None:
    release = network.make_release(ref)
    network.migrate(release)
    for number, host in enumerate(network.hosts):
        host.use_release("current", release)
        if number == 0:
            network.genesis()
        host.start(*network.services(number))
    wait_for("the site serves", lambda: network.client().send("GET", "/")[0] == 200)
    wait_for(
        "epoch 1 begins",
        lambda: bool(network.postgres.ask("SELECT 1 FROM staking_epoch WHERE start <= now()")),
    )
    network.register()


def _kills(network: Network) -> list[tuple[str, Callable[[], None], Callable[[], None] | None]]:
    """Return name, kill function and start function of each part; no start where its unit restarts it."""
    first = network.hosts[0].services
    units = [(name, first[name].kill, None) for name in network.services(0)]
    return [
        *units,
        ("Redis", network.redis.kill, network.redis.start),
        ("nginx", network.nginx.kill, network.nginx.start),
        ("pgbouncer", network.pgbouncer.kill, network.pgbouncer.start),
        ("PostgreSQL", network.postgres.kill, network.postgres.start),
    ]


def _kill(
    oracle: Oracle, reader: Reader, kill: Callable[[], None], restart: Callable[[], None] | None
) -> None:
    began = time.monotonic()
    acknowledged, reads = len(oracle.acknowledged), len(reader.answers)
    kill()
    if restart:
        restart()
    wait_for(
        "receipts are acknowledged and pages are read again",
        lambda: len(oracle.acknowledged) > acknowledged + 25 and _reads_again(reader, reads),
        patience=RECOVERY_SECONDS,
    )
    took = time.monotonic() - began
    require(took <= RECOVERY_SECONDS, f"serving only after {took:.1f} s")
    figure(
        f"serving after {took:.1f} s; {reader.errors(began)} of {reader.count(began)} reads failed meanwhile"
    )


def _reads_again(reader: Reader, since: int) -> bool:
    """Five good answers in a row, all later than the kill."""
    later = reader.answers[since:]
    return len(later) >= 5 and all(status == 200 for _, status, _ in later[-5:])


def _restore(network: Network, oracle: Oracle) -> None:
    for number, host in enumerate(network.hosts):
        host.stop(*network.services(number)[1:])
    network.postgres.kill()
    network.postgres.restore()
    network.postgres.start()
    network.hosts[0].run("hold", "restore: the oracle resends")
    for number, host in enumerate(network.hosts):
        host.start(*network.services(number)[1:])
    lost = {receipt["job_id"] for receipt in oracle.acknowledged} - network.recorded()
    wait_for("the site serves", lambda: network.client().send("GET", "/")[0] == 200)
    held = network.open_epoch()
    accepted, duplicates = oracle.resend()
    require(accepted == len(lost), f"{len(lost)} receipts were lost and {accepted} were taken")
    require(network.open_epoch() == held, "an epoch was settled during the hold")
    network.hosts[0].run("release")
    figure(
        f"{accepted} receipts were not in the restored database and were sent again; {duplicates} were there"
    )


def _upgrade(network: Network, ref: str, oracle: Oracle, reader: Reader) -> None:
    """From `ref` to this commit with two migrations more, under traffic."""
    began = time.monotonic()
    with step("Migrations of the next release, while the old code serves"):
        release = network.make_release("HEAD")
        migration.add_to(release)
        require(not _migrate(network, release, oracle, reader), "reads failed during the migration")
    with step(f"The code of {ref} on the new tables: two epochs settle, the audit is clean"):
        acknowledged = len(oracle.acknowledged)
        network.settle_next()
        network.hosts[0].run("audit")
        figure(f"{len(oracle.acknowledged) - acknowledged:,} receipts acknowledged by the old code")
    with step(f"Rolling upgrade from {ref} to this commit, host by host, under traffic"):
        _replace_code(network, release)
    with step("Two epochs settle after the upgrade, and the audit is clean"):
        network.settle_next()
        network.hosts[0].run("audit")
    failed = [
        f"{status} after {took:.1f} s" for at, status, took in reader.answers if at >= began and status != 200
    ]
    figure(f"{len(failed)} of {reader.count(began)} reads failed from the migration on")
    require(not failed, f"reads failed during the upgrade: {failed}")


def _migrate(network: Network, release: Path, oracle: Oracle, reader: Reader) -> int:
    """Apply the migrations and print what happened meanwhile; how many reads failed."""
    began, acknowledged = time.monotonic(), len(oracle.acknowledged)
    network.migrate(release)
    took = time.monotonic() - began
    require(migration.applied(network.postgres), "the column or its index is not there")
    figure(
        f"a column and an index in {took:.1f} s with the static files; {reader.errors(began)} of {reader.count(began)} "
        f"reads failed, {len(oracle.acknowledged) - acknowledged:,} receipts acknowledged meanwhile"
    )
    return reader.errors(began)


def _replace_code(network: Network, release: Path) -> None:
    for number, host in enumerate(network.hosts):
        services = network.services(number)
        host.stop(*services)
        host.use_release("current", release)
        host.start(*services)
        network.wait_ready(number)


def _audit(network: Network, oracle: Oracle) -> None:
    network.hosts[0].run("audit")
    acknowledged = [receipt["job_id"] for receipt in oracle.acknowledged]
    missing = set(acknowledged) - network.recorded()
    require(not missing, f"{len(missing)} acknowledged receipts are missing")
    require(not oracle.refused, f"receipts were refused: {oracle.refused[:3]}")


if __name__ == "__main__":
    sys.exit(main())
