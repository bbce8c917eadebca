from __future__ import annotations

import os

import pytest

from inframind.supervisor import postgres_account, servers
from inframind.supervisor.startup_errors import StartFault


def test_the_data_of_another_user_are_left_alone(tmp_path, monkeypatch):
    (tmp_path / "postgres").mkdir()
    servers.require_own(tmp_path)
    monkeypatch.setattr(postgres_account.os, "geteuid", lambda: os.getuid() + 4242)
    with pytest.raises(StartFault, match=f"the data in {tmp_path} belong to .*INFRAMIND_DATA_DIR"):
        servers.Lease(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["postgres"]


def test_a_folder_that_holds_no_database_yet_is_anybodys(tmp_path, monkeypatch):
    monkeypatch.setattr(postgres_account.os, "geteuid", lambda: os.getuid() + 4242)
    servers.require_own(tmp_path)
