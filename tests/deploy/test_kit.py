"""The files of `deploy/` name what there is: variables, commands, queues, metrics, headings of the runbook."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands

from inframind import environment, genesis_file, metrics, tasks
from inframind.celery import app
from tests.network import Network
from web import metrics as counters

DEPLOY = environment.PROJECT_ROOT / "deploy"
OPERATIONS = environment.PROJECT_ROOT / "docs" / "operations.md"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
METRIC = re.compile(r"\binframind_[a-z_]+")
KNOWN = {variable.name for variable in environment.VARIABLES}


def read(name: str) -> str:
    return (DEPLOY / name).read_text(encoding="utf-8")


def variables(text: str) -> set[str]:
    """Names at the start of lines that set a variable."""
    return set(re.findall(r"^([A-Z][A-Z0-9_]+)=", text, re.MULTILINE))


def alarms() -> list[dict[str, Any]]:
    groups = yaml.safe_load(read("prometheus/rules.yml"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(read("compose.yaml"))
    return loaded


def test_the_example_environment_starts_once_its_blanks_are_filled_in():
    lines = [line.split("=", 1) for line in read("environment.example").splitlines() if "=" in line[:30]]
    values = {name: value for name, value in lines if not name.startswith("#")}
    assert [name for name, value in values.items() if not value] == [
        "INFRAMIND_CHAIN_ID",
        "SECRET_KEY",
        "INFRAMIND_METRICS_TOKEN",
    ]
    values |= {"INFRAMIND_CHAIN_ID": "4217", "SECRET_KEY": "".join(map(chr, range(40, 120)))}
    assert environment.load(values)["INFRAMIND_NETWORK"] == "production"


# The services of compose.yaml that run the site's image.
SITE = ("web", "worker", "pulse", "beat", "migrate", "genesis")


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_a_unit_sets_known_variables_and_runs_an_existing_command(unit: Path):
    text = unit.read_text(encoding="utf-8")
    assert set(re.findall(r"^Environment=([A-Z_]+)=", text, re.MULTILINE)) <= KNOWN
    for command in re.findall(r"manage\.py (\w+)", text):
        assert command in get_commands()


def queues(text: str) -> set[str]:
    return {queue for part in re.findall(r'--queues[", ]+([a-z,]+)', text) for queue in part.split(",")} - {
        ""
    }


def test_every_queue_has_a_worker_under_systemd_and_under_compose():
    names = {queue.name for queue in app.conf.task_queues}
    assert queues("\n".join(unit.read_text() for unit in UNITS)) == names
    assert queues(read("compose.yaml")) == names


def test_no_file_of_the_kit_has_a_secret_in_it():
    secrets = [variable.name for variable in environment.VARIABLES if variable.secret] + ["SECRET_KEY"]
    for name in secrets:
        assert not re.search(rf"^{name}=\S", read("environment.example"), re.MULTILINE)


def test_services_of_compose_are_confined():
    services = compose()["services"]
    for name in SITE:
        assert services[name]["read_only"] is True
        assert services[name]["cap_drop"] == ["ALL"]
    assert [name for name, service in services.items() if service.get("ports")] == ["proxy"]


def example() -> dict[str, str]:
    """The variables of environment.example."""
    return dict(line.split("=", 1) for line in read("environment.example").splitlines() if line[:1].isupper())


def image() -> dict[str, str]:
    """The variables that the image sets."""
    text = read("Dockerfile").split("FROM ")[-1].replace("\\\n", " ")
    (line,) = re.findall(r"^ENV (.+)$", text, re.MULTILINE)
    return dict(word.split("=", 1) for word in line.split())


@pytest.mark.parametrize("service", SITE)
def test_no_variable_of_the_example_beats_one_of_the_image_or_names_another_machine(service: str):
    """Compose's `environment` wins over the file, the file over the image."""
    written = compose()["services"][service]["environment"]
    values = image() | example() | written
    own = image() | written
    assert {name: values[name] for name in own} == own
    collected = re.search(r"INFRAMIND_DATA_DIR=(\S+) \S+ manage.py collectstatic", read("Dockerfile"))
    assert collected is not None
    assert values["INFRAMIND_DATA_DIR"] == collected[1]
    # The entry point replaces DATABASE_URL.
    local = [name for name, value in values.items() if re.search(r"127\.0\.0\.1|localhost", value)]
    assert set(local) <= {"DATABASE_URL"}
    assert values["REDIS_URL"].split("//")[1].split(":")[0] in compose()["services"]


@pytest.mark.parametrize(("service", "role"), [("web", "app"), ("worker", "app"), ("migrate", "owner")])
def test_a_container_connects_as_the_role_whose_secret_it_has(service: str, role: str, tmp_path: Path):
    definition = compose()["services"][service]
    assert definition["secrets"] == [f"{role}_password"]
    assert definition["entrypoint"] == ["sh", "/with_database.sh"]
    (tmp_path / f"{role}_password").write_text("hex\n")
    script = read("compose/with_database.sh").replace("/run/secrets", str(tmp_path))
    ended = subprocess.run(
        ["sh", "-c", script, "sh", "printenv", "DATABASE_URL"],
        env={**example(), **definition["environment"], "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout == f"postgresql://inframind_{role}:hex@postgres:5432/inframind\n"
    assert "postgres" in compose()["services"]


def test_the_command_of_the_runbooks_reads_the_environment_as_systemd_does(tmp_path: Path):
    (tmp_path / "environment").write_text(read("environment.example"))
    script = read("manage").replace("/opt/inframind/current", str(tmp_path))
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\nprintf "%s\\n" "$@"; env\n')
    python.chmod(0o755)
    ended = subprocess.run(
        ["sh", "-c", script, "manage", "hold", "two words"],
        env={"PATH": "/usr/bin:/bin", "ENVIRONMENT": str(tmp_path / "environment")},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = ended.stdout.splitlines()
    assert lines[:3] == ["manage.py", "hold", "two words"]
    assert {f"{name}={value}" for name, value in example().items()} <= set(lines)


@pytest.mark.parametrize("service", ["worker", "pulse", "beat"])
def test_a_worker_runs_with_the_same_options_under_systemd_and_under_compose(service: str):
    unit = read(f"systemd/inframind-{service}.service")
    (command,) = re.findall(r"^ExecStart=(.+)$", unit, re.MULTILINE)
    words = shlex.split(command.replace("%%", "%"))[1:]
    definition = compose()["services"][service]
    assert definition["command"][1:] == words
    port = re.search(r"^Environment=INFRAMIND_METRICS_PORT=(\d+)", unit, re.MULTILINE)
    assert definition["environment"].get("INFRAMIND_METRICS_PORT") == (port[1] if port else None)


def test_the_example_of_a_genesis_file_is_valid():
    genesis = genesis_file.read(read("genesis.example.json"))
    assert genesis.total == 1_500_000_500_000
    assert "genesis.example.json" in OPERATIONS.read_text(encoding="utf-8")


def test_images_have_a_version_and_no_registry():
    images = [service["image"] for service in compose()["services"].values()]
    images += re.findall(r"^FROM (\S+)", read("Dockerfile"), re.MULTILINE)
    for image in images:
        name, _, version = image.partition(":")
        assert "/" not in name
        assert version
        assert "latest" not in version


def test_the_image_holds_every_package_of_the_site():
    held = set(re.findall(r"^!([a-z_]+)$", read("Dockerfile.dockerignore"), re.MULTILINE))
    text = (environment.PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8")
    layers = re.search(r"root_packages = \[(.*?)\]", text, re.DOTALL)
    assert layers is not None
    packages = set(re.findall(r'"(\w+)"', layers[1])) - {"infra"}
    assert packages <= held


@pytest.mark.django_db
def test_alarms_and_dashboard_name_metrics_that_are_exposed(settings):
    settings.INFRAMIND_CHAIN_RPC = ("http://127.0.0.1:9",)
    Network()
    # Families with labels appear with their first value.
    counters.RECEIPTS.labels("receipt", "accepted").inc(0)
    counters.RECEIPT_REFUSALS.labels("receipt", "not_found").inc(0)
    counters.REFUSALS.labels("not_found").inc(0)
    counters.TICKS.labels("pulse", "done").inc(0)
    tasks.pulse()
    exposed = set(METRIC.findall(metrics.exposition().decode()))
    # A network that has settled nothing has neither a ranking nor an audit, and has not seen its chain.
    exposed |= {"inframind_ranking_age_seconds", "inframind_audit_age_seconds"}
    exposed |= {"inframind_chain_seen_age_seconds", "inframind_chain_oracle_ether"}
    text = "\n".join(rule["expr"] for rule in alarms())
    text += "\n".join(
        target["expr"]
        for panel in json.loads(read("grafana/inframind.json"))["panels"]
        for target in panel["targets"]
    )
    named = set(METRIC.findall(text))
    assert len(named) > 15
    assert named <= exposed


def test_alarms_name_values_of_labels_that_are_counted():
    sources = (
        path.read_text()
        for folder in ("oracle", "inframind", "web")
        for path in (environment.PROJECT_ROOT / folder).rglob("*.py")
    )
    counted = set(re.findall(r'\.labels\([^()]*"(\w+)"\)|result = "(\w+)"', "\n".join(sources)))
    named = {value for rule in alarms() for value in re.findall(r'result="(\w+)"', rule["expr"])}
    assert named == {"failed", "refused"}
    assert named <= {value for values in counted for value in values}


def test_every_alarm_is_tested():
    """By `promtool test rules` in deploy/lint, once as firing."""
    files = sorted((DEPLOY / "prometheus").glob("rules_*test.yml"))
    assert all(f"deploy/prometheus/{file.name}" in read("lint") for file in files)
    tests = [test for file in files for test in yaml.safe_load(file.read_text())["tests"]]
    checks = [check for test in tests for check in test["alert_rule_test"]]
    assert {check["alertname"] for check in checks if check["exp_alerts"]} == {
        rule["alert"] for rule in alarms()
    }


def test_every_alarm_of_an_exporter_has_a_job_that_scrapes_it():
    jobs = {job["job_name"] for job in yaml.safe_load(read("prometheus/prometheus.yml"))["scrape_configs"]}
    prefixes = {
        "up": "inframind-web",
        "inframind": "inframind-worker",
        "django": "inframind-web",
        "node": "machine",
        "pg": "postgres",
        "pgbackrest": "pgbackrest",
    }
    for rule in alarms():
        series = re.findall(r"\b([a-z]+)(?:_[a-z_]+)?(?=[{\[])", rule["expr"])
        for prefix in series:
            assert prefixes[prefix] in jobs, rule["alert"]


def test_every_job_that_prometheus_scrapes_has_an_alarm_when_it_does_not_answer():
    jobs = {job["job_name"] for job in yaml.safe_load(read("prometheus/prometheus.yml"))["scrape_configs"]}
    watched = re.findall(r'^up\{job=~?"([^"]+)"\} == 0$', "\n".join(rule["expr"] for rule in alarms()), re.M)
    assert {job for names in watched for job in names.split("|")} == jobs


def test_a_database_that_is_down_does_not_silence_its_cause_and_the_state_of_the_backups():
    (rule,) = yaml.safe_load(read("alertmanager/alertmanager.yml"))["inhibit_rules"]
    (matcher,) = rule["target_matchers"]
    assert set(re.findall(r"\w+", matcher.removeprefix("alertname!~"))) == {
        *("SiteDown", "DatabaseDown", "DiskFillsUp", "BackupMissing", "BackupUnknown")
    }


def test_every_role_can_sign_in_once_the_installation_was_followed():
    (roles,) = re.findall(r"ARRAY\[(.+?)\]", read("roles.sql"))
    instructions = read("roles.sql") + OPERATIONS.read_text(encoding="utf-8")
    for role in re.findall(r"\w+", roles):
        assert f"ALTER ROLE {role} LOGIN" in instructions


def test_lint_fails_on_any_service_that_is_too_exposed():
    text = read("lint").replace("\\\n", " ")
    (command,) = [line for line in text.splitlines() if "systemd-analyze security" in line]
    for unit in UNITS:
        assert f"{unit.stem.replace('@', '@8001')}.service" in command
    # The exit status of a command in a pipe is lost.
    assert not re.search(r"(?<!\|)\|(?!\|)", command)


@pytest.mark.parametrize("site", ["nginx/inframind.conf", "compose/nginx.conf"])
def test_a_static_file_of_another_version_is_asked_of_the_next_web_server(site: str):
    (block,) = re.findall(r"location /static/ \{(.+?)\}", read(site), re.DOTALL)
    assert "proxy_next_upstream error timeout http_404" in block


@pytest.mark.parametrize("service", ["web", "worker"])
def test_an_archive_is_a_volume_that_the_user_of_the_image_owns(service: str):
    assert "archive:/srv/archive" in compose()["services"][service]["volumes"]
    assert "archive" in compose()["volumes"]
    assert "install -d -o 10001 -g 10001 /srv/archive" in read("Dockerfile")
    assert "INFRAMIND_ARCHIVE=/srv/archive" in OPERATIONS.read_text(encoding="utf-8")


def test_docker_and_shell_files_name_no_host_to_load_from():
    """Packages and images come from where the machine is set up to get them."""
    for path in DEPLOY.rglob("*"):
        if path.is_file() and path.suffix in ("", ".sh", ".yaml"):
            hosts = re.findall(r"https?://([a-z0-9.-]+)", path.read_text(encoding="utf-8"))
            assert set(hosts) <= {"127.0.0.1"}, path


def test_every_alarm_names_a_heading_of_the_runbook():
    text = OPERATIONS.read_text(encoding="utf-8")
    headings = [line.lstrip("# ").lower() for line in text.splitlines() if line.startswith("#")]
    anchors = {re.sub(r"[^a-z0-9]+", "-", heading).strip("-") for heading in headings}
    assert {rule["annotations"]["runbook"] for rule in alarms()} <= anchors
