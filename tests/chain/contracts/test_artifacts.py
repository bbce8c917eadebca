"""The committed ABI and bytecode are what the committed sources compile to."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from chain.contracts import DIRECTORY
from chain.contracts.build import compile_contract


@pytest.mark.parametrize("name", ["IFM", "InfraMindSettlement"])
def test_the_committed_artifact_is_what_the_source_compiles_to(name: str, tmp_path: Path) -> None:
    source = tmp_path / f"{name}.vy"
    source.write_text((DIRECTORY / f"{name}.vy").read_text())
    before = os.getcwd()
    os.chdir(tmp_path)
    try:
        artifact = compile_contract(source)
    finally:
        os.chdir(before)
    assert artifact == json.loads((DIRECTORY / f"{name}.json").read_text())


def test_every_source_has_its_artifact() -> None:
    assert {path.stem for path in DIRECTORY.glob("*.vy")} == {path.stem for path in DIRECTORY.glob("*.json")}
