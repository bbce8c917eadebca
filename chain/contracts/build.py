"""Compile the contracts again: `python -m chain.contracts.build`. Needs vyper, which the `dev` extra installs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from . import DIRECTORY


def main() -> None:
    for source in sorted(DIRECTORY.glob("*.vy")):
        artifact = compile_contract(source)
        source.with_suffix(".json").write_text(json.dumps(artifact, indent=1) + "\n")
        print(f"{source.name}: {len(artifact['bytecode']) // 2 - 1} bytes")


def compile_contract(source: Path) -> dict[str, Any]:
    """The content of the artifact of a Vyper source: the same on every machine, path and Python."""
    import vyper

    output = vyper.compile_code(
        source.read_text(), contract_path=source.name, output_formats=["abi", "bytecode"]
    )
    return {"compiler": f"vyper {vyper.__version__}", "abi": output["abi"], "bytecode": output["bytecode"]}


if __name__ == "__main__":
    main()
