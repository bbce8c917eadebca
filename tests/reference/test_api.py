"""The same actions through the API: codes, and the wallet that each answer shows, are those of the plain model."""

from __future__ import annotations

import random
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from governance.models import Dispute
from identity.tokens import issue
from protocol.amounts import format_amount, parse_amount
from staking.models import Slash
from staking.services import clock
from tests.reference.pair import Pair
from tests.reference.participants import pair
from tests.reference.state import Refused
from tests.reference.test_machine import Crowd

pytestmark = pytest.mark.django_db

EPOCHS = 6


class ApiPair(Pair):
    """A pair whose engine is reached over HTTP; `answer` is the body of the last act that was done."""

    answer: dict[str, Any]

    def act(self, name: str, *args: Any) -> str | None:
        self.answer = {}
        code = super().act(name, *args)
        shown = self.answer.get("wallet")
        if shown:
            names = ("available", "staked", "delegated", "unbonding", "claimable")
            expected = self.model.wallet(shown["address"].lower())
            assert tuple(parse_amount(shown[part]) for part in names) == expected
            assert parse_amount(shown["total"]) == sum(expected[:4])
        return code

    def _post(self, by: str, path: str, **body: Any) -> None:
        if by not in self.callers:
            secret, _ = issue(wallet=by, scope="write", now=timezone.now())
            self.callers[by] = APIClient(HTTP_AUTHORIZATION=f"Bearer {secret}")
        answer = self.callers[by].post(f"/api/v1/{path}", body, format="json")
        if answer.status_code >= 400:
            assert answer.headers["Content-Type"] == "application/problem+json"
            raise Refused(answer.json()["code"])
        self.answer = answer.json()

    @property
    def callers(self) -> dict[str, APIClient]:
        return self.__dict__.setdefault("_callers", {})  # type: ignore[no-any-return]

    def _stake(self, node: str, amount: int) -> None:
        self._post(self.net.operator_of(node), f"nodes/{node}/stake", amount=written(amount))

    def _unstake(self, node: str, amount: int | None) -> None:
        self._post(self.net.operator_of(node), f"nodes/{node}/unstake", amount=written(amount))

    def _delegate(self, node: str, by: str, amount: int) -> None:
        self._post(by, f"nodes/{node}/delegate", amount=written(amount))

    def _undelegate(self, node: str, by: str, amount: int | None) -> None:
        self._post(by, f"nodes/{node}/undelegate", amount=written(amount))

    def _redelegate(self, source: str, target: str, by: str, amount: int | None) -> None:
        self._post(by, f"nodes/{source}/redelegate", to=target, amount=written(amount))

    def _claim(self, node: str, by: str) -> None:
        self._post(by, f"nodes/{node}/claim")

    def _compound(self, node: str, by: str) -> None:
        self._post(by, f"nodes/{node}/compound")

    def _cancel(self, number: int, by: str) -> None:
        self._post(by, f"unbondings/{self._entry(number)}/cancel")

    def _withdraw(self, number: int, by: str) -> None:
        self._post(by, f"unbondings/{self._entry(number)}/withdraw")

    def _dispute(self, slash: Any) -> None:
        number = Slash.objects.order_by("id")[self.model.slashes.index(slash)].pk
        self._post(
            self.model.nodes[slash.node].operator, f"slashes/{number}/dispute", reason="It was not so."
        )

    def _vote(self, dispute: Any, by: str, choice: str) -> None:
        number = Dispute.objects.order_by("id")[self.model.disputes.index(dispute)].pk
        self._post(by, f"disputes/{number}/vote", choice=choice)


def written(amount: int | None) -> str:
    return "all" if amount is None else format_amount(amount)


def test_the_api_agrees_with_the_reference_model(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.INFRAMIND_RATE_LIMITS = False
    monkeypatch.setattr("tests.reference.participants.Pair", ApiPair)
    made = pair()
    monkeypatch.setattr(clock, "now", lambda: made.net.now)
    crowd = Crowd(made, random.Random(7))
    for _ in range(EPOCHS):
        crowd.epoch()
