"""How many examples the tests of random actions try: few in `make test`, more in `make test-slow`."""

from __future__ import annotations

from hypothesis import settings


def examples(few: int, many: int, most: int) -> int:
    """The number for the profile of this run: quick, full or thorough (HYPOTHESIS_PROFILE)."""
    return {"quick": few, "full": many, "thorough": most}[settings.get_current_profile_name()]
