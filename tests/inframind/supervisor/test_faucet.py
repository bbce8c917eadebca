from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from ledger.selectors import balances, supply

WALLET = "0x" + "ab" * 20
pytestmark = pytest.mark.django_db


def test_the_faucet_accepts_an_address_in_any_letter_case(capsys):
    call_command("faucet", WALLET.upper().replace("X", "x"), "1500.5")
    call_command("faucet", WALLET, "0.000001")
    assert balances([f"wallet:{WALLET}"]) == {f"wallet:{WALLET}": 1_500_500_001}
    assert supply() == 1_500_500_001
    assert "1500.500000 IFM to 0xAB" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("address", "amount", "code"),
    [
        ("0x12", "5", "address_invalid"),
        ("0xaB" + "ab" * 19, "5", "address_invalid"),
        (WALLET, "0", "amount_too_small"),
        (WALLET, "1e3", "amount_invalid"),
        (WALLET, "0.0000001", "amount_invalid"),
    ],
)
def test_a_refusal_names_its_code_and_issues_nothing(address, amount, code):
    with pytest.raises(CommandError, match=code):
        call_command("faucet", address, amount)
    assert supply() == 0


def test_there_is_no_faucet_in_production(settings):
    settings.INFRAMIND_NETWORK = "production"
    with pytest.raises(CommandError, match="permission_denied"):
        call_command("faucet", WALLET, "5")
