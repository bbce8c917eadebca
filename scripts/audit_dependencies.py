#!/usr/bin/env python3
"""Lists the known vulnerabilities of requirements/production.txt, by pip-audit; exit status 1 when there are some.

The advisories come from PyPI. Where they cannot be read, one sentence says so and the exit status is 0: a build without
a network is no worse than one before.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
COMMAND = (
    ".venv/bin/uv", "tool", "run", "--quiet", "--from", "pip-audit==2.10.1", "pip-audit", "--format", "json",
    "--progress-spinner", "off", "--timeout", "5", "--require-hashes", "--disable-pip",
    "--requirement", "requirements/production.txt",
)  # fmt: skip
SECONDS = 60


def main() -> int:
    packages = _ask()
    audited = [package for package in packages if "skip_reason" not in package]
    for package in audited:
        for fault in package["vulns"]:
            fixed = ", ".join(fault["fix_versions"]) or "no version yet"
            print(f"{package['name']} {package['version']}: {fault['id']}, fixed in {fixed}")
    faults = sum(len(package["vulns"]) for package in audited)
    if len(audited) < len(packages) or not packages:
        print(
            f"NOT AUDITED: no advisories could be read for {len(packages) - len(audited) or 'the'} packages."
        )
    print(f"{len(audited)} packages of production audited, {faults} known vulnerabilities")
    return int(bool(faults))


def _ask() -> list[dict[str, Any]]:
    """Return pip-audit's result for each package; empty when it cannot run or has no network."""
    try:
        ended = subprocess.run(
            COMMAND, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        answer: dict[str, Any] = json.loads(ended.stdout)
    except (OSError, subprocess.TimeoutExpired, json.JSONDecodeError) as fault:
        print(f"pip-audit gave no answer: {fault}", file=sys.stderr)
        return []
    return list(answer["dependencies"])


if __name__ == "__main__":
    sys.exit(main())
