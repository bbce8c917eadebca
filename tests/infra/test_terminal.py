"""Output on a terminal: prompts, colours, widths; and the imports of a start."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys

import pytest

import infra

ROOTS = os.pathsep.join([os.path.dirname(os.path.dirname(infra.__file__)), *sys.path])


def at_terminal(api, home, arguments, typed="", **environment):
    """Run `infra` in a process of its own whose three streams are a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "infra", *arguments.split()],
        stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True,
        env={
            "PATH": os.environ["PATH"], "HOME": str(home), "TERM": "xterm-256color", "COLUMNS": "100",
            "PYTHONPATH": ROOTS, "INFRA_URL": api.url, "INFRA_TOKEN": "t", **environment,
        },
    )  # fmt: skip
    os.close(theirs)
    os.write(ours, typed.encode())
    shown = b""
    try:
        while block := os.read(ours, 4096):
            shown += block
    except OSError:
        pass  # the terminal is gone when the process is
    os.close(ours)
    return process.wait(), shown.decode().replace("\r\n", "\n")


@pytest.fixture
def staking(api, values):
    api.says("POST", f"nodes/{values.ANNA}/stake", {"transaction": 17})
    return api


def test_the_terminal_asks_for_confirmation_and_accepts_no(staking, home, values):
    status, shown = at_terminal(staking, home, "stake --node 0xABCD --amount 2000", "n\n")
    assert (status, staking.posts()) == (1, [])
    assert f"Stake 2,000 IFM on {values.ANNA}? [y/N]: " in shown
    assert shown.endswith("cancelled: Nothing was sent.\n")


def test_a_person_says_yes(staking, home):
    status, shown = at_terminal(staking, home, "stake --node 0xABCD --amount 2000", "y\n")
    assert (status, len(staking.posts())) == (0, 1)
    assert "Staked 2,000 IFM." in shown


def test_yes_skips_the_confirmation(staking, home):
    status, shown = at_terminal(staking, home, "stake --node 0xABCD --amount 2000 --yes")
    assert (status, len(staking.posts()), "[y/N]" in shown) == (0, 1, False)


def test_a_vote_needs_no_confirmation(api, home):
    api.says("POST", "disputes/2/vote", {"id": 2})
    assert at_terminal(api, home, "vote 2 uphold")[0] == 0


def test_colours_on_a_terminal_unless_unwanted(api, home):
    assert "\x1b[32mactive" in at_terminal(api, home, "nodes")[1]
    assert "\x1b[32m" not in at_terminal(api, home, "nodes", NO_COLOR="1")[1]


WIDE = "0xABcD000000000000000000000000000000000001  Anna  active     2"
SHORT = "0xABcD0000…  Anna  active     2"


@pytest.mark.parametrize(("columns", "row"), [("140", WIDE), ("110", SHORT)])
def test_a_terminal_shortens_addresses_when_it_has_to(api, home, columns, row):
    assert row in plain(at_terminal(api, home, "nodes", COLUMNS=columns)[1])


def test_a_narrow_terminal_gets_a_block_for_each_row(api, home):
    shown = plain(at_terminal(api, home, "nodes", COLUMNS="60")[1])
    assert shown.startswith("rank    1\nnode    0xABcD0000…\nname    Anna\nstatus  active\n")
    assert "uptime  99.10%\n\nrank    2\n" in shown


def plain(shown):
    lines = re.sub(r"\x1b\[[0-9;]*m", "", shown).split("\n")
    return "\n".join(line.rstrip() for line in lines)


def test_a_start_loads_neither_the_project_nor_what_is_heavy():
    heavy = {"django", "httpx", "coincurve", "Crypto", "inframind", "staking", "delegation", "governance"}
    code = f"import sys, infra.main; print(sorted({heavy!r} & set(sys.modules)))"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": ROOTS}
    )
    assert ran.stdout == "[]\n"


def test_completion_knows_the_commands_and_choices():
    environment = {"PYTHONPATH": ROOTS, "PATH": os.environ["PATH"]}
    asks = {"_INFRA_COMPLETE": "complete_bash", "COMP_WORDS": "infra un", "COMP_CWORD": "1"}
    ran = subprocess.run(
        [sys.executable, "-m", "infra"],
        capture_output=True,
        text=True,
        check=False,
        env={**environment, **asks},
    )
    assert ran.stdout.split() == ["unstake", "undelegate", "unbonding"]
