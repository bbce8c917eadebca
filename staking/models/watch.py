"""Watchlists of wallets."""

from __future__ import annotations

from django.db import models

from postgres.fields import AddressField
from staking.models.node import Node


class WatchedNode(models.Model):
    """A node on the watchlist of a wallet."""

    wallet = AddressField()
    node = models.ForeignKey(Node, models.CASCADE, related_name="watchers")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(name="staking_watchednode_once", fields=["wallet", "node"])]

    def __str__(self) -> str:
        return f"{self.wallet} watches {self.node_id}"
