"""The environment is parsed strictly: a wrong name or value stops the start with one sentence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from inframind.environment import PROJECT_ROOT, VARIABLES, EnvironmentFault, load

SECRETS = {
    "INFRAMIND_NETWORK": "production",
    "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "INFRAMIND_CHAIN_ID": "4217",
    "INFRAMIND_PROXIES": "1",
    "ALLOWED_HOSTS": "staking.example, www.example",
    "DATABASE_URL": "postgres://app:pw@db/inframind",
    "REDIS_URL": "rediss://cache:6379/0",
}


def test_defaults_are_a_devnet():
    values = load({})
    assert values["INFRAMIND_NETWORK"] == "devnet"
    assert values["INFRAMIND_DATA_DIR"] == PROJECT_ROOT / ".data"
    assert values["INFRAMIND_DEMO"] is True
    assert values["INFRAMIND_PARAMETERS"] == {}
    assert values["INFRAMIND_CHAIN_ID"] == 31337
    assert values["PORT"] == 8000
    assert values["DATABASE_URL"] == values["REDIS_URL"] == ""


def test_values_are_parsed():
    values = load(
        {
            "INFRAMIND_DEMO": "0",
            "INFRAMIND_RATE_LIMITS": "off",
            "INFRAMIND_DATA_DIR": "/var/tmp/inframind",
            "INFRAMIND_PARAMETERS": '{"epoch_seconds": 60, "min_amount": "2"}',
            "PORT": "8001",
        }
    )
    assert values["INFRAMIND_DEMO"] is values["INFRAMIND_RATE_LIMITS"] is False
    assert values["INFRAMIND_DATA_DIR"] == Path("/var/tmp/inframind")
    assert values["INFRAMIND_PARAMETERS"] == {"epoch_seconds": 60, "min_amount": "2"}
    assert values["PORT"] == 8001


def test_an_unknown_variable_is_refused_and_the_near_one_named():
    with pytest.raises(EnvironmentFault, match=r"INFRAMIND_DEMOS is not a setting.*mean INFRAMIND_DEMO\?"):
        load({"INFRAMIND_DEMOS": "0"})


def test_variables_of_others_are_not_our_business():
    assert load({"HOME": "/root", "LANG": "C"}) == load({})


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("INFRAMIND_NETWORK", "mainnet", "must be one of devnet, production"),
        ("INFRAMIND_DEMO", "maybe", "must be on or off"),
        ("INFRAMIND_CHAIN_ID", "0", "whole number from 1"),
        ("INFRAMIND_CHAIN_ID", "1.5", "whole number"),
        ("INFRAMIND_CHAIN_ID", "١٢", "whole number"),
        ("INFRAMIND_PARAMETERS", "{", "must be a JSON object"),
        ("INFRAMIND_PARAMETERS", "[1]", "must be a JSON object"),
        ("INFRAMIND_DATA_DIR", "  ", "must name a folder"),
        ("INFRAMIND_CHAIN_SETTLEMENT", "0x12", "must be an address"),
        ("INFRAMIND_CHAIN_CONFIRMATIONS", "0", "whole number from 1"),
        ("PORT", "65536", "whole number from 1 to 65535"),
        ("PORT", "-1", "whole number"),
        ("PORT", "http", "whole number"),
        ("DATABASE_URL", "sqlite:///x.db", "must be a URL that starts with postgres://"),
        ("REDIS_URL", "http://cache", "must be a URL that starts with redis://"),
    ],
)
def test_a_bad_value_names_variable_and_reason(name, text, says):
    with pytest.raises(EnvironmentFault, match=f"{name}=.*{re.escape(says)}"):
        load({name: text})


def test_production_starts_with_its_secrets():
    values = load(SECRETS)
    assert values["ALLOWED_HOSTS"] == ("staking.example", "www.example")


@pytest.mark.parametrize("missing", ["SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL", "REDIS_URL"])
def test_production_refuses_to_start_without(missing):
    with pytest.raises(EnvironmentFault, match=f"production needs {missing}"):
        load({name: text for name, text in SECRETS.items() if name != missing})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "k" * 60),
        ("SECRET_KEY_FALLBACKS", "short"),
        ("ALLOWED_HOSTS", "staking.example,*"),
        ("INFRAMIND_CHAIN_ID", "31337"),
        ("INFRAMIND_CHAIN_ID", ""),
        ("INFRAMIND_CHAIN_ID", "1337"),
        ("INFRAMIND_PROXIES", "0"),
        ("INFRAMIND_PARAMETERS", '{"epoch_seconds": 60}'),
        ("INFRAMIND_RATE_LIMITS", "off"),
    ],
)
def test_production_refuses_what_is_for_a_devnet(name, text):
    with pytest.raises(EnvironmentFault, match=name):
        load({**SECRETS, name: text})


def test_without_a_proxy_production_needs_none():
    assert load({**SECRETS, "INFRAMIND_PROXIES": "0", "INFRAMIND_HTTPS": "off"})["INFRAMIND_PROXIES"] == 0


def test_the_readme_lists_every_setting():
    """Name, default and meaning as the code has them."""
    readme = (PROJECT_ROOT / "README.md").read_text()
    rows = [
        f"| `{variable.name}` | {f'`{variable.default}`' if variable.default else ''} | {variable.says} |"
        for variable in VARIABLES
    ]
    assert [row for row in rows if row not in readme] == []


CHAIN = {"INFRAMIND_CHAIN_RPC": "https://node.example/secret", "INFRAMIND_CHAIN_SETTLEMENT": "0x" + "1A" * 20}
KEYSTORE = {**CHAIN, "INFRAMIND_CHAIN_ORACLE_KEYSTORE": "oracle.json"}


def test_a_chain_is_named_by_its_nodes_and_contracts():
    values = load({**CHAIN, "INFRAMIND_CHAIN_RPC": "https://one.example/key, http://10.0.0.2:8545"})
    assert values["INFRAMIND_CHAIN_RPC"] == ("https://one.example/key", "http://10.0.0.2:8545")
    assert values["INFRAMIND_CHAIN_SETTLEMENT"] == "0x" + "1a" * 20
    assert values["INFRAMIND_CHAIN_TOKEN"] == ""
    values = load({**KEYSTORE, "INFRAMIND_CHAIN_ORACLE_PASSWORD": "secret"})
    assert values["INFRAMIND_CHAIN_ORACLE_KEYSTORE"] == PROJECT_ROOT / "oracle.json"


@pytest.mark.parametrize("text", ["ftp://secret.example", "http://", "https://a/secret,https://b,https://c"])
def test_urls_of_nodes_are_not_repeated_in_a_refusal(text):
    with pytest.raises(EnvironmentFault, match="INFRAMIND_CHAIN_RPC: must be") as fault:
        load({**CHAIN, "INFRAMIND_CHAIN_RPC": text})
    assert "secret" not in str(fault.value)


def test_the_key_of_the_oracle_can_stand_in_the_environment():
    for text in ("0x" + "1a" * 32, "1A" * 32):
        assert (
            load({**CHAIN, "INFRAMIND_CHAIN_ORACLE_KEY": text})["INFRAMIND_CHAIN_ORACLE_KEY"] == b"\x1a" * 32
        )
    assert load(CHAIN)["INFRAMIND_CHAIN_ORACLE_KEY"] == b""


@pytest.mark.parametrize("text", ["1b" * 31, "1b" * 33, "0x" + "00" * 32, "ff" * 32, "1b" * 31 + "zz", "1b"])
def test_a_key_that_is_none_is_refused_and_not_repeated(text):
    with pytest.raises(EnvironmentFault, match="INFRAMIND_CHAIN_ORACLE_KEY: must be a private key") as fault:
        load({**CHAIN, "INFRAMIND_CHAIN_ORACLE_KEY": text})
    assert text not in str(fault.value)


def test_a_key_and_a_keystore_are_one_too_many():
    both = {
        **KEYSTORE,
        "INFRAMIND_CHAIN_ORACLE_PASSWORD": "secret",
        "INFRAMIND_CHAIN_ORACLE_KEY": "1b" * 32,
    }
    with pytest.raises(EnvironmentFault, match="ORACLE_KEY or INFRAMIND_CHAIN_ORACLE_KEYSTORE, not both"):
        load(both)


@pytest.mark.parametrize(
    ("name", "environment"),
    [
        ("SETTLEMENT", {"INFRAMIND_CHAIN_ORACLE_KEY": "1b" * 32}),
        ("SETTLEMENT", {"INFRAMIND_CHAIN_RPC": "https://node.example"}),
        ("RPC", {"INFRAMIND_CHAIN_SETTLEMENT": "0x" + "1a" * 20}),
        ("SETTLEMENT", {"INFRAMIND_CHAIN_TOKEN": "0x" + "1a" * 20}),
        ("SETTLEMENT", {"INFRAMIND_CHAIN_ORACLE_KEYSTORE": "oracle.json"}),
        ("ORACLE_KEYSTORE", {**CHAIN, "INFRAMIND_CHAIN_ORACLE_PASSWORD": "secret"}),
        ("ORACLE_PASSWORD", KEYSTORE),
        (
            "ORACLE_PASSWORD",
            {
                **KEYSTORE,
                "INFRAMIND_CHAIN_ORACLE_PASSWORD": "secret",
                "INFRAMIND_CHAIN_ORACLE_PASSWORD_FILE": "password",
            },
        ),
    ],
)
def test_half_a_chain_is_refused(name, environment):
    with pytest.raises(EnvironmentFault, match=f"needs INFRAMIND_CHAIN_{name}") as fault:
        load(environment)
    assert "secret" not in str(fault.value)
