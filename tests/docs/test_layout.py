"""Layers beyond import contracts: foreign keys by name, SQL text, the client without the server."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import chain

from django.apps import apps
from django.db.models import Model

from inframind.environment import PROJECT_ROOT
from tests.docs.document import import_linter, project_files, root_packages

# An exit's sums are of everything that a wallet has, so one statement reads balances beside shares and entries.
READS_LEDGER = {"settlement/exits.py"}
TABLE = re.compile(
    r"\b(FROM|JOIN|INTO|UPDATE|TABLE|ON)\s+ledger_(account|entry|transaction)\b", re.IGNORECASE
)


def package(model: type[Model]) -> str:
    return model.__module__.partition(".")[0]


def lower_packages() -> dict[str, set[str]]:
    """By package: those of lower layers, which its tables may point at, as its modules may import them."""
    first = import_linter()["contracts"][0]
    assert first["name"] == "Packages import from lower layers only"
    rows = [re.split(r" [|:] ", layer) for layer in first["layers"]]
    return {
        name: set(chain.from_iterable(rows[index + 1 :])) for index, row in enumerate(rows) for name in row
    }


def test_tables_point_downwards_as_imports_do():
    lower = lower_packages()
    ours = [model for model in apps.get_models(include_auto_created=True) if package(model) in lower]
    wrong = [
        f"{model._meta.label}.{field.name} -> {field.related_model._meta.label}"
        for model in ours
        for field in model._meta.get_fields()
        if field.concrete and field.is_relation and field.related_model in ours
        if package(field.related_model) not in lower[package(model)] | {package(model)}
    ]
    assert len(ours) > 15
    assert wrong == []


def test_sql_names_the_ledgers_tables_in_the_ledger_and_in_audits_alone():
    sources = chain.from_iterable((PROJECT_ROOT / name).rglob("*.*") for name in root_packages())
    named = {
        str(path.relative_to(PROJECT_ROOT))
        for path in sources
        if path.suffix in (".py", ".sql") and TABLE.search(path.read_text())
    }
    outside = {path for path in named if not path.startswith("ledger/")}
    assert "staking/audit.py" in outside
    assert {path for path in outside if not path.endswith("/audit.py")} == READS_LEDGER


def test_the_command_line_runs_without_the_site():
    """`pip install .` brings the client's own packages; nothing of the site may be missed."""
    guard = (
        "import sys\n"
        "SITE = ('django', 'celery', 'redis', 'eth_account', 'inframind', 'staking')\n"
        "class Refuse:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] in SITE:\n"
        "            raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Refuse())\n"
        "import pkgutil, infra\n"
        "for module in pkgutil.walk_packages(infra.__path__, 'infra.'):\n"
        "    if module.name != 'infra.__main__':\n"
        "        __import__(module.name)\n"
        "from infra.main import app\n"
        "sys.argv = ['infra', '--help']\n"
        "app()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", guard], cwd=PROJECT_ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "unbonding" in done.stdout


def test_no_file_names_a_place_to_download_from_or_a_folder_of_one_machine():
    unwanted = re.compile(rb"pypi\.[o]rg|pythonhoste[d]|npmjs\.[c]om|unpkg\.[c]om|jsdelive?r[.]")
    assert [str(path) for path in project_files() if unwanted.search(path.read_bytes())] == []
