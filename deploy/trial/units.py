"""Runs the units of deploy/systemd without systemd: environment, user, command, restart and stop as they say."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from pathlib import Path
from threading import Event, Thread

from deploy.trial.report import Failed

UNITS = Path(__file__).resolve().parents[1] / "systemd"
USER = "inframind"


def read_unit(name: str) -> dict[str, list[str]]:
    """The settings of a unit's [Service], each with all its values; `%i` and `%%` are resolved."""
    stem, _, instance = name.removesuffix(".service").partition("@")
    path = UNITS / (f"{stem}@.service" if instance else f"{stem}.service")
    settings: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        key, separator, value = line.partition("=")
        if separator and not line.startswith("#"):
            settings.setdefault(key, []).append(value.replace("%i", instance).replace("%%", "%"))
    return settings


def read_environment(path: Path) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


class Host:
    """A machine of the site: its folders under one root, its files in place of those of /etc, /opt and /var."""

    def __init__(self, root: Path, environment: dict[str, str]) -> None:
        self.root = root
        self.services: dict[str, Service] = {}
        for folder in ("etc", "opt", "data", "logs"):
            (root / folder).mkdir(parents=True, exist_ok=True)
        subprocess.run(["chown", f"{USER}:{USER}", root / "data", root / "logs"], check=True)
        values = {**environment, "INFRAMIND_DATA_DIR": str(root / "data")}
        (root / "etc" / "environment").write_text("".join(f"{k}={v}\n" for k, v in values.items()))

    def place(self, text: str) -> str:
        """A path of the units as it is on this host."""
        return text.replace("/etc/inframind", f"{self.root}/etc").replace(
            "/opt/inframind", f"{self.root}/opt"
        )

    def use_release(self, link: str, release: Path) -> None:
        """Point `current` or `next` at a release, in one step."""
        fresh = self.root / "opt" / f".{link}"
        fresh.symlink_to(release)
        fresh.replace(self.root / "opt" / link)

    def start(self, *names: str) -> None:
        for name in names:
            self.services[name] = Service(self, name)

    def stop(self, *names: str) -> None:
        for name in names:
            self.services.pop(name).stop()

    def stop_all(self) -> None:
        self.stop(*self.services)

    def run(self, *command: str, unit: str = "inframind-audit", check: bool = True) -> str:
        """Run a management command as the unit would, and return what it prints."""
        service = read_unit(unit)
        folder = Path(self.place(service["WorkingDirectory"][0]))
        python = str(folder / ".venv" / "bin" / "python")
        ended = subprocess.run(
            as_user(python, "manage.py", *command),
            cwd=folder,
            env=self.environment(service),
            capture_output=True,
            text=True,
            check=False,
        )
        if check and ended.returncode:
            raise Failed(f"manage.py {' '.join(command)}\n{ended.stdout}{ended.stderr}")
        return ended.stdout.strip()

    def environment(self, service: dict[str, list[str]]) -> dict[str, str]:
        values = dict(setting.split("=", 1) for setting in service.get("Environment", []))
        for file in service["EnvironmentFile"]:
            values |= read_environment(Path(self.place(file)))
        return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **values}


class Service:
    """A unit that runs; one that dies is started again, as `Restart=always` says."""

    def __init__(self, host: Host, name: str) -> None:
        self.host, self.name = host, name
        self.unit = read_unit(name)
        self.stopping = Event()
        self.process = self._start()
        self.keeper = Thread(target=self._keep, daemon=True)
        self.keeper.start()

    def kill(self) -> None:
        """Kill the main process with SIGKILL, and its children with their process group, as systemd would."""
        os.killpg(self.process.pid, signal.SIGKILL)

    def stop(self) -> None:
        self.stopping.set()
        self.process.terminate()
        try:
            self.process.wait(int(self.unit["TimeoutStopSec"][0]))
        finally:
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGKILL)
        self.keeper.join()

    def _start(self) -> subprocess.Popen[bytes]:
        folder = self.host.place(self.unit["WorkingDirectory"][0])
        command = shlex.split(self.host.place(self.unit["ExecStart"][0]))
        with (self.host.root / "logs" / f"{self.name}.log").open("ab") as log:
            return subprocess.Popen(
                as_user(*command),
                cwd=folder,
                env=self.host.environment(self.unit),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _keep(self) -> None:
        while not self.stopping.is_set():
            self.process.wait()
            if not self.stopping.wait(float(self.unit["RestartSec"][0])):
                self.process = self._start()


def as_user(*command: str) -> list[str]:
    """The command as the service's user, who can gain no privilege."""
    return ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--no-new-privs", *command]


def make_user() -> None:
    if subprocess.run(["id", USER], capture_output=True, check=False).returncode:
        subprocess.run(
            ["useradd", "--system", "--user-group", "--shell", "/usr/sbin/nologin", USER], check=True
        )
