from __future__ import annotations

from django.urls import path

from chain_sync.pages import chain, deposits

urlpatterns = [
    path("chain/", chain.chain_page, name="chain"),
    path("chain/faucet/", deposits.get_tokens, name="token-faucet"),
    path("wallets/<str:address>/deposits/", deposits.wallet_deposits, name="deposits"),
]
