"""Files and processes of a killed PostgreSQL, and their owner."""

from __future__ import annotations

import os
import subprocess

import psutil

from inframind.supervisor import paths, postgres
from tests.inframind.supervisor.conftest import wait_for


def leave(data_dir, pid):
    paths.cluster(data_dir).mkdir(parents=True, exist_ok=True)
    paths.socket_dir(data_dir).mkdir(parents=True, exist_ok=True)
    left = paths.cluster(data_dir) / "postmaster.pid", paths.socket_dir(data_dir) / ".s.PGSQL.5432.lock"
    for file in left:
        file.write_text(f"{pid}\n")
    return left


def test_the_id_of_a_stranger_is_forgotten_in_both_files(tmp_path):
    left = leave(tmp_path, os.getpid())
    postgres._forget_stranger(tmp_path)
    assert not any(file.exists() for file in left)


def test_a_killed_server_that_nobody_reaped_is_no_stranger(tmp_path):
    process = subprocess.Popen(["true"])
    wait_for(lambda: psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE)
    left = leave(tmp_path, process.pid)
    postgres._forget_stranger(tmp_path)
    assert all(file.exists() for file in left)
    process.wait()
