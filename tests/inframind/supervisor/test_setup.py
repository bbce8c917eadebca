"""scripts/setup.py on what is here, without installing anything."""

from __future__ import annotations

import importlib.util
import sys

import pytest

from inframind.environment import PROJECT_ROOT

LEVELS = ("base", "embedded", "production", "dev", "e2e", "setup")


@pytest.fixture
def setup():
    spec = importlib.util.spec_from_file_location("setup", PROJECT_ROOT / "scripts" / "setup.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_an_old_python_is_refused_with_what_to_do(setup, monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 13))
    with pytest.raises(SystemExit, match=r"3\.11 or newer is needed, this is 3\.10\.13.*PYTHON="):
        setup.main("dev")


def test_what_is_set_up_is_left_alone(setup, monkeypatch, tmp_path):
    monkeypatch.setattr(setup, "VENV", tmp_path)
    (tmp_path / "dev.done").write_text(setup._digest("dev"))
    setup.main("dev")
    assert [path.name for path in tmp_path.iterdir()] == ["dev.done"]


def test_a_new_pin_or_another_place_asks_for_a_setup(setup, monkeypatch):
    before = setup._digest("dev")
    assert before != setup._digest("e2e")
    monkeypatch.setattr(sys, "version", "another")
    assert before != setup._digest("dev")


@pytest.mark.parametrize("level", LEVELS)
def test_every_package_is_pinned_and_hashed_without_an_address(level):
    text = (PROJECT_ROOT / "requirements" / f"{level}.txt").read_text()
    entries = [line for line in text.split("\n") if line and not line.startswith((" ", "#"))]
    assert entries
    assert [entry for entry in entries if "==" not in entry or not entry.endswith("\\")] == []
    assert text.count("--hash=sha256:") >= len(entries)
    assert "://" not in text
