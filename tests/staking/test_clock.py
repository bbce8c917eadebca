"""Limits of moving the network clock by command."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command

from staking.models import Network
from staking.services import clock
from tests.network import Network as Small

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("seconds", [0, -1, 31_556_952_001, 10**14, 10**17, 10**30])
def test_a_step_that_no_calendar_has_is_refused_in_words(seconds: int) -> None:
    Small()
    with pytest.raises(CommandError, match=r"^Give "):
        call_command("advance_time", "--", str(seconds))
    assert Network.objects.get().clock_offset_ms == 0


def test_steps_do_not_add_up_to_such_a_one() -> None:
    Small()
    far = clock.advance_to(datetime(2999, 12, 31, tzinfo=UTC))
    offset = Network.objects.get().clock_offset_ms
    with pytest.raises(CommandError, match=r"^Give at most 86\d\d\d seconds"):
        call_command("advance_time", "86401")
    assert Network.objects.get().clock_offset_ms == offset
    assert clock.advance_by(60) >= far + timedelta(seconds=60)
