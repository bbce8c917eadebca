"""Files that deploy/try writes into a release, checked without servers."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

from deploy.trial import migration
from inframind.environment import PROJECT_ROOT


def test_the_migrations_of_the_trial_follow_those_of_the_release_and_add_a_field(tmp_path: Path):
    for folder in ("migrations", "models"):
        shutil.copytree(PROJECT_ROOT / "staking" / folder, tmp_path / "staking" / folder)
    migration.add_to(tmp_path)
    node = (tmp_path / "staking" / "models" / "node.py").read_text()
    assert f"    {migration.COLUMN} = models.CharField(max_length=32, null=True)\n" in node
    ast.parse(node)
    files = sorted((tmp_path / "staking" / "migrations").glob("[0-9]*.py"))
    *former, first, second = files
    assert [first.stem, second.stem] == list(migration.MIGRATIONS)
    for file, predecessor in ((first, former[-1]), (second, first)):
        text = file.read_text()
        ast.parse(text)
        assert f'dependencies = [("staking", "{predecessor.stem}")]' in text
