"""How far the network's clock may be moved by hand."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from staking.models import Network
from tests.network import Network as Small

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("seconds", [0, -1, 31_556_952_001, 10**14, 10**17, 10**30])
def test_a_step_that_no_calendar_has_is_refused_in_words(seconds: int) -> None:
    Small()
    with pytest.raises(CommandError, match=r"^Give "):
        call_command("advance_time", "--", str(seconds))
    assert Network.objects.get().clock_offset_ms == 0
