"""Real processes that are configured for another network than the database holds."""

from __future__ import annotations

from functools import partial

import pytest

from ledger.models import Transaction
from tests.network import Network

in_processes = partial(pytest.param, marks=pytest.mark.processes)

CELERY = ("-m", "celery", "-A", "inframind.celery:app", "--skip-checks", "--quiet")


@pytest.mark.parametrize(
    "arguments",
    [
        in_processes((*CELERY, "worker", "--concurrency", "1"), id="worker"),
        in_processes((*CELERY, "beat", "--schedule", "/tmp/never-written", "--pidfile", ""), id="beat"),
        pytest.param(("-c", "import inframind.wsgi"), id="web"),
        in_processes(("-m", "inframind.supervisor"), id="supervisor"),
        pytest.param(("manage.py", "settle"), id="settle"),
        in_processes(("manage.py", "faucet", "0x" + "ab" * 20, "5"), id="faucet"),
    ],
)
def test_every_process_refuses_to_start(run, plain_environment, process_environment, arguments):
    Network()
    urls = {name: process_environment[name] for name in ("DATABASE_URL", "REDIS_URL")}
    process = run({**plain_environment, **urls, "INFRAMIND_CHAIN_ID": "4217"}, *arguments)
    assert process.ends() != 0
    assert (
        "INFRAMIND_CHAIN_ID=31337, and this process is configured with INFRAMIND_CHAIN_ID=4217"
        in process.output
    )
    assert not Transaction.objects.exists()
