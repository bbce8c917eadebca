"""`/how/`: the worked examples of the protocol, from the parameters in force."""

from __future__ import annotations

from django.test import Client
from pytest_django import Settings

from tests.network import Network
from tests.staking.pages.reading import Markup


def read(reader: Client) -> str:
    return Markup(reader.get("/how/").content.decode()).text


def test_the_examples_are_those_of_the_protocol(network: Network, reader: Client) -> None:
    text = read(reader)
    assert "why a Q factor is 1.24×" in text
    for part in ("+940", "+1,146", "+312", "12,398"):
        assert part in text
    assert "To the operator 60.00 IFM" in text
    assert "to a wallet with 1,500 IFM 30.00 IFM" in text
    assert "Slashed 1,250.00 IFM" in text
    assert "Net loss of its delegators 687.50 IFM" in text


def test_numbers_follow_the_parameters(db: None, reader: Client) -> None:
    Network(emission_per_epoch="1234", delegator_share_bps=5_000, slash_burn_bps=7_500, slash_honest_bps=0)
    text = read(reader)
    assert "1,234 IFM are minted" in text
    assert "To delegators: 50% of what their stake earned 25.00 IFM" in text
    assert "Burned 937.50 IFM" in text


def test_windows_and_thresholds_are_exact_and_in_the_plural(db: None, reader: Client) -> None:
    Network(dispute_filing_epochs=2, dispute_voting_epochs=1, sla_threshold_bps=8_750)
    text = read(reader)
    assert "2 epochs to dispute, for a deposit" in text
    assert "Everybody with stake then votes for 1 epoch." in text
    assert "87.50%" in text


def test_it_can_be_read_before_the_first_start(db: None, reader: Client) -> None:
    assert "How it works" in read(reader)


def test_the_style_guide_is_for_devnets(network: Network, reader: Client, settings: Settings) -> None:
    assert "Style guide" in reader.get("/styleguide/").content.decode()
    settings.INFRAMIND_NETWORK = "production"
    assert reader.get("/styleguide/").status_code == 404
