"""Every section of docs/operations.md that somebody follows has the same three parts, and its links lead somewhere."""

from __future__ import annotations

import re
import subprocess
from textwrap import dedent

import pytest
import yaml

from inframind import alarms
from tests.docs.document import DOCS, ROOT, anchors, broken_links

OPERATIONS = DOCS / "operations.md"
TEXT = OPERATIONS.read_text(encoding="utf-8")
# Sections that describe, and are not followed.
DESCRIPTIONS = (
    "What runs",
    "What to watch",
    "With Docker",
    "Slow readers and slow bodies",
    "Behind pgbouncer",
    "Retention",
    "Sizing",
)
SECTIONS = dict(re.findall(r"^## (.+)\n((?:(?!## ).*\n?)*)", TEXT, re.MULTILINE))
RUNBOOKS = [heading for heading in SECTIONS if heading not in DESCRIPTIONS]
BLOCKS = [dedent(block) for block in re.findall(r"^ *```\n(.*?)^ *```$", TEXT, re.MULTILINE | re.DOTALL)]
# What somebody types: blocks, and commands within a sentence.
TYPED = BLOCKS + re.findall(r"`([^`\n]+ [^`\n]+)`", TEXT)


def test_runbooks_are_there():
    assert len(RUNBOOKS) >= 19
    assert set(DESCRIPTIONS) <= set(SECTIONS)


@pytest.mark.parametrize("heading", RUNBOOKS)
def test_a_runbook_says_what_one_sees_what_to_do_and_when_it_is_over(heading: str):
    text = SECTIONS[heading]
    assert "*What one sees*: " in text
    assert "*It is over when* " in text
    (steps,) = re.findall(
        r"^\*What to do\*[:,](.+?)^\*(?:What one sees|It is over when)\*", text, re.M | re.S
    )
    assert re.search(r"`[^`\n]+ [^`\n]+`|```", steps), "no command"


def test_every_link_of_the_page_leads_somewhere():
    assert list(broken_links(OPERATIONS, TEXT)) == []


def test_every_alarm_that_is_mailed_has_a_runbook():
    assert set(alarms.RUNBOOKS.values()) <= anchors(TEXT)


def test_the_page_has_commands():
    assert len(BLOCKS) >= 30


def test_blocks_are_shell_that_can_be_pasted():
    for block in BLOCKS:
        done = subprocess.run(["sh", "-n"], input=block, capture_output=True, text=True)
        assert done.returncode == 0, f"{block}{done.stderr}"


def test_the_journal_is_read_with_sudo_and_its_lines_that_are_not_json_are_left_out():
    lines = [line for text in TYPED for line in text.splitlines() if "journalctl" in line]
    assert len(lines) >= 8
    for line in lines:
        assert line.startswith("sudo journalctl"), line
        if "jq" in line:
            assert re.search(r"jq -c?R 'fromjson\?", line), line


def test_a_block_sets_the_variables_that_it_uses():
    for block in BLOCKS:
        used = set(re.findall(r"\$\{?([A-Za-z_]\w*)", block))
        assert used <= set(re.findall(r"^(\w+)=", block, re.MULTILINE)), block


def test_sql_is_passed_to_psql_as_a_role_that_may_run_it():
    for block in BLOCKS:
        rest = re.sub(
            r"^sudo -u postgres psql \w+ <<'SQL'\n.*?^SQL$", "", block, flags=re.MULTILINE | re.DOTALL
        )
        assert not re.search(r"^(SELECT|FROM|ALTER|UPDATE)\b", rest, re.MULTILINE), block


def test_a_block_has_one_restore():
    restores = [re.findall(r"^.*pgbackrest.* restore$", block, re.MULTILINE) for block in BLOCKS]
    assert sum(map(len, restores)) >= 3
    assert all(len(commands) <= 1 for commands in restores)


def test_a_backup_that_is_compared_is_restored_up_to_a_moment():
    commands = [line for block in BLOCKS for line in block.splitlines() if "--pg1-path" in line]
    assert commands
    assert all("--type=" in command and "--target-action=promote" in command for command in commands)


def test_the_environment_of_a_command_is_named_behind_sudo():
    """Before it, sudo would drop the variable and the command would work on the running network."""
    named = [line for text in TYPED for line in text.splitlines() if "ENVIRONMENT=/" in line]
    assert named
    assert all(line.startswith("sudo -u inframind ENVIRONMENT=/") for line in named)


def test_commands_of_docker_name_services_of_compose():
    services = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())["services"]
    (stopped,) = re.findall(r"^docker compose stop (.+)$", SECTIONS["With Docker"], re.MULTILINE)
    assert {*stopped.split(), "postgres", "redis", "migrate", "genesis"} == set(services)
    named = re.findall(r"docker compose (?:exec(?: -T)? --user postgres|build|run --rm) (\w+)", TEXT)
    assert len(named) >= 6
    assert set(named) <= set(services)
