"""`make run` as real processes: start, stop, kill, and a second start beside a running one."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from inframind.environment import PROJECT_ROOT
from inframind.supervisor import paths, postgres
from tests.inframind.supervisor.conftest import Running, processes_of, wait_for

UP = ("-m", "inframind.supervisor")
ADDRESS = "0x" + "ab" * 20
HALF_A_POST = b"POST /api/v1/auth/nonce HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{"


def get(environment: dict[str, str], path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{environment['PORT']}{path}", timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()
    except OSError as error:
        return 0, str(error)


def becomes_ready(running: Running) -> None:
    last = ""

    def ready() -> bool:
        nonlocal last
        status, last = get(running.environment, "/readyz")
        return status == 200 or running.process.poll() is not None

    try:
        wait_for(ready)
    except AssertionError:
        pytest.fail(f"{last}\n{running.output}")
    assert running.process.poll() is None, running.output


def command(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=PROJECT_ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def left_over(data_dir: Path) -> list[str]:
    return [f"{process.info['name']} {process.info['cmdline']}" for process in processes_of(data_dir)]


def child_of(running: Running, word: str) -> psutil.Process | None:
    """The living process that the supervisor started with this word in its command."""
    children = psutil.Process(running.process.pid).children()
    living = (child for child in children if child.status() != psutil.STATUS_ZOMBIE)
    return next((child for child in living if word in child.cmdline()), None)


@pytest.mark.processes
def test_a_life_of_two_starts(run, data_dir, plain_environment):
    """Ready, used by a command, stopped cleanly; the second start has the data and nothing to prepare."""
    # What a person's shell says about another server is not for ours.
    plain_environment |= {"PGPORT": "1", "PGOPTIONS": "-c search_path=nowhere", "PGUSER": "nobody"}
    first = run(plain_environment, *UP)
    first.says("Ctrl-C stops everything.")
    becomes_ready(first)
    assert json.loads(get(plain_environment, "/readyz")[1])["checks"]["settlement_overdue"] == "ok"
    server = postgres.running_pid(data_dir)
    assert "5.000000 IFM" in command(plain_environment, "faucet", ADDRESS, "5")
    assert postgres.running_pid(data_dir) == server
    first.signal(signal.SIGINT)
    assert first.ends() == 0, first.output
    assert left_over(data_dir) == []

    assert "0 faults" in command(plain_environment, "audit")
    assert left_over(data_dir) == [], "a command stops the servers it started"

    second = run({**plain_environment, "INFRAMIND_CHAIN_EMBEDDED": "on"}, *UP)
    second.says("Ctrl-C stops everything.")
    assert "The tables are" not in second.output
    assert "static files" not in second.output
    transactions = "from ledger.models import Transaction; print(Transaction.objects.count())"
    assert command(plain_environment, "shell", "--no-imports", "-c", transactions) == "1\n"
    # The development chain starts after the site, which goes on without it.
    wait_for(lambda: child_of(second, "chain.devnet") is not None)
    child_of(second, "chain.devnet").kill()
    second.says("The development chain ended by itself (-9) and is started again; the site goes on.")
    becomes_ready(second)
    second.signal(signal.SIGTERM)
    assert second.ends() == 0, second.output
    assert left_over(data_dir) == []


@pytest.mark.processes
def test_what_a_killed_run_leaves_is_taken_over(run, data_dir, plain_environment):
    killed = run({**plain_environment, "INFRAMIND_DEMO": "1"}, *UP)
    killed.says("shows the progress")
    wait_for(lambda: get(plain_environment, "/")[0] == 503 or killed.process.poll() is not None)
    assert "of 60 epochs settled" in get(plain_environment, "/")[1]
    assert get(plain_environment, "/api/v1/nodes")[0] == get(plain_environment, "/readyz")[0] == 503
    assert f":{plain_environment['PORT']}" not in killed.output, (
        "the address is printed when the site is ready"
    )
    killed.signal(signal.SIGKILL)
    killed.ends()
    # Started at once, it waits for the end of what was left. Without the demo, what was loaded is a network as it is.
    again = run(plain_environment, *UP)
    again.says("Ctrl-C stops everything.")
    becomes_ready(again)

    other = run({**plain_environment, "PORT": "1"}, *UP)
    assert other.ends() == 2
    assert f"already running on the data in {data_dir}" in other.output

    # Servers that die are started again, and the site finds them without a restart of its own.
    before = postgres.running_pid(data_dir)
    os.kill(before, signal.SIGKILL)
    next(process for process in processes_of(data_dir) if "valkey" in process.info["name"]).kill()
    wait_for(lambda: postgres.running_pid(data_dir) not in (None, before) or again.process.poll() is not None)
    becomes_ready(again)

    # So is a process of the web server.
    web = child_of(again, "inframind.serve")
    serving = web.children()
    serving[0].kill()
    wait_for(lambda: serving[0] not in web.children() and len(web.children()) == len(serving))
    becomes_ready(again)

    # Clients who never end what they began to send hold nobody up.
    with ExitStack() as slow:
        for _ in range(20):
            client = socket.create_connection(("127.0.0.1", int(plain_environment["PORT"])))
            slow.enter_context(client).sendall(HALF_A_POST)
        assert [get(plain_environment, "/healthz")[0] for _ in range(20)] == [200] * 20

    # When one of the three ends by itself, all end, and the exit status tells.
    child_of(again, "beat").kill()
    assert again.ends() == 1
    assert "The beat process ended by itself" in again.output
    assert left_over(data_dir) == []


@pytest.mark.processes
def test_nothing_is_left_of_a_killed_run_even_when_a_process_does_not_end(run, data_dir, plain_environment):
    killed = run(plain_environment, *UP)
    killed.says("Ctrl-C stops everything.")
    child_of(killed, "inframind.serve").suspend()
    killed.signal(signal.SIGKILL)
    killed.ends()
    wait_for(lambda: left_over(data_dir) == [])
    assert "has not ended by itself and is killed" in (data_dir / "logs" / "watchdog.log").read_text()


@pytest.mark.processes
def test_it_ends_in_order_when_nobody_listens_any_more(data_dir, plain_environment, process_environment):
    urls = {name: process_environment[name] for name in ("DATABASE_URL", "REDIS_URL")}
    running = subprocess.Popen(
        [sys.executable, *UP],
        cwd=PROJECT_ROOT,
        env={**plain_environment, **urls},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert running.stdout is not None
    assert any("Ctrl-C stops everything." in line for line in running.stdout)
    running.stdout.close()
    running.send_signal(signal.SIGINT)
    assert running.wait(120) == 0
    assert left_over(data_dir) == []


def refused(run, environment: dict[str, str]) -> str:
    running: Running = run(environment, *UP)
    assert running.ends() == 2, running.output
    assert "Traceback" not in running.output
    return running.output


@pytest.mark.processes
def test_a_taken_port_is_named(run, data_dir, plain_environment):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert f"port {port} is taken" in refused(run, {**plain_environment, "PORT": port})
    assert left_over(data_dir) == []


@pytest.mark.processes
@pytest.mark.parametrize("place", ["/dev/null/data", "/proc/data"])
def test_a_data_directory_that_cannot_be_written_is_named(run, plain_environment, place):
    output = refused(run, {**plain_environment, "INFRAMIND_DATA_DIR": place})
    assert f"the data directory {place} cannot be written" in output


@pytest.mark.parametrize(
    ("name", "url", "says"),
    [
        ("DATABASE_URL", "postgres://me:secret@127.0.0.1:1/x", "the database at postgres://me:…@127.0.0.1:1/x"),
        ("REDIS_URL", "redis://:secret@127.0.0.1:1/0", "the Redis at redis://:…@127.0.0.1:1/0 does not answer"),
    ],
)  # fmt: skip
def test_a_server_that_does_not_answer_is_named_without_its_password(run, plain_environment, name, url, says):
    output = refused(run, {**plain_environment, name: url})
    assert says in output
    assert "secret" not in output


@pytest.mark.processes
def test_parameters_that_make_no_sense_stop_the_start(run, data_dir, plain_environment):
    output = refused(run, {**plain_environment, "INFRAMIND_PARAMETERS": '{"epoch_seconds": 59}'})
    assert "INFRAMIND_PARAMETERS: Choose epoch_seconds between 60 and 604800." in output
    assert left_over(data_dir) == []


@pytest.mark.processes
def test_configured_servers_replace_the_embedded_ones(run, data_dir, plain_environment, process_environment):
    """DATABASE_URL and REDIS_URL name this run's test servers: nothing is started beside them."""
    urls = {name: process_environment[name] for name in ("DATABASE_URL", "REDIS_URL")}
    running = run({**plain_environment, **urls}, *UP)
    running.says("Ctrl-C stops everything.")
    becomes_ready(running)
    assert not paths.cluster(data_dir).exists()
    assert not paths.valkey_url_file(data_dir).exists()
    running.signal(signal.SIGINT)
    assert running.ends() == 0
