"""Problems that stop the anchoring of epochs: codes, sentences, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from django.utils.translation import gettext, gettext_noop

# Characters of a text in a sentence: a node can send any number.
LONGEST_TEXT = 300


class Problem(Exception):
    """Epochs cannot be anchored now. `data` fills in the sentences of its code; nothing secret is in it."""

    def __init__(self, code: str, **data: Any) -> None:
        super().__init__(code)
        self.code = code
        self.data = {
            name: value if isinstance(value, int) else _printable(str(value)) for name, value in data.items()
        }


def _printable(text: str) -> str:
    """The beginning of a text, without characters that the database cannot store."""
    return text[:LONGEST_TEXT].encode(errors="replace").decode().replace("\0", "\ufffd")


class Description(NamedTuple):
    """Sentences about a problem and its remedy. `halts`: a person has to act; else it may end without action."""

    halts: bool
    sentence: str
    action: str


PROBLEMS: dict[str, Description] = {
    "wrong_chain": Description(
        True,
        gettext_noop(
            "The node at %(host)s serves chain %(chain_id)s, and this network is on chain %(expected)s."
        ),
        gettext_noop("Correct INFRAMIND_CHAIN_RPC, or INFRAMIND_CHAIN_ID before the first start."),
    ),
    "other_chain": Description(
        True,
        gettext_noop("The node at %(host)s serves another chain with the same id: its first block differs."),
        gettext_noop(
            "Correct INFRAMIND_CHAIN_RPC, or restore the chain's data. To begin on the chain as it is now: "
            "manage.py chain --accept."
        ),
    ),
    "no_contract": Description(
        True,
        gettext_noop("There is no contract at %(address)s."),
        gettext_noop("Deploy the settlement contract, or correct INFRAMIND_CHAIN_SETTLEMENT."),
    ),
    "foreign_contract": Description(
        True,
        gettext_noop("The contract at %(address)s is not the settlement contract of this network."),
        gettext_noop(
            "Correct INFRAMIND_CHAIN_SETTLEMENT. `manage.py chain` prints this network's identifier."
        ),
    ),
    "another_history": Description(
        True,
        gettext_noop("Epoch %(epoch)s was anchored with another root than this database has."),
        gettext_noop(
            "Restore the right database, or have the owner of the contract revoke the wrong epochs."
        ),
    ),
    "other_slashes": Description(
        True,
        gettext_noop(
            "Epoch %(epoch)s was anchored with other slashes than its report has: %(node)s has %(listed)s µIFM on the "
            "chain and %(expected)s µIFM here."
        ),
        gettext_noop(
            "Find out who submitted it, and replace the oracle's key. As long as its leaves are not provable, the "
            "owner of the contract can pause it and revoke the epoch; after that, manage.py chain --accept goes on "
            "with the list as it is."
        ),
    ),
    "other_emission": Description(
        True,
        gettext_noop(
            "Epoch %(epoch)s was anchored with an emission of %(listed)s µIFM, and %(expected)s µIFM were issued in it."
        ),
        gettext_noop(
            "Find out who submitted it, and replace the oracle's key. As long as its leaves are not provable, the "
            "owner of the contract can pause it and revoke the epoch; after that, manage.py chain --accept goes on "
            "with the emission as it is."
        ),
    ),
    "ahead": Description(
        True,
        gettext_noop("The contract has epoch %(epoch)s, which this database has not settled."),
        gettext_noop(
            "Let settlement go on: epochs that are settled again with the same roots heal this. Else restore the "
            "newest backup of the database, or correct INFRAMIND_CHAIN_SETTLEMENT."
        ),
    ),
    "paused": Description(
        True,
        gettext_noop("The settlement contract is paused."),
        gettext_noop("The owner of the contract can resume it."),
    ),
    "not_oracle": Description(
        True,
        gettext_noop("The contract's oracle is %(oracle)s, and the configured key is that of %(account)s."),
        gettext_noop(
            "Have the owner of the contract appoint %(account)s, or configure the oracle's keystore."
        ),
    ),
    "no_funds": Description(
        True,
        gettext_noop(
            "The oracle's account %(account)s has %(balance)s wei, and a transaction may cost %(needed)s."
        ),
        gettext_noop("Send ether to the account."),
    ),
    "keystore": Description(
        True,
        gettext_noop("The oracle's key cannot be read. %(detail)s"),
        gettext_noop("Correct INFRAMIND_CHAIN_ORACLE_KEYSTORE and its password."),
    ),
    "deep_reorganization": Description(
        True,
        gettext_noop("Block %(block)s was final and is not part of the chain any more."),
        gettext_noop(
            "Find out what happened to the chain. When it can be relied on again, run manage.py chain --accept: "
            "epochs that it lost are submitted again."
        ),
    ),
    "nodes_disagree": Description(
        True,
        gettext_noop("The nodes at %(host)s and %(other)s disagree about block %(block)s."),
        gettext_noop("Find out which of the two is wrong, and replace it in INFRAMIND_CHAIN_RPC."),
    ),
    "refused": Description(
        True,
        gettext_noop("The settlement contract refuses epoch %(epoch)s: %(reason)s."),
        gettext_noop("Compare the epoch with the contract: docs/chain.md says what each refusal means."),
    ),
    "no_token": Description(
        True,
        gettext_noop("There is no token contract at %(address)s that belongs to the settlement contract."),
        gettext_noop("Correct INFRAMIND_CHAIN_TOKEN."),
    ),
    "other_token": Description(
        True,
        gettext_noop("Deposits were credited from the token %(before)s, and %(address)s is configured."),
        gettext_noop("Correct INFRAMIND_CHAIN_TOKEN: a network has one token contract."),
    ),
    "deposits_lost": Description(
        True,
        gettext_noop(
            "%(count)s deposits were credited, and the token contract does not have them as they were."
        ),
        gettext_noop(
            "Find out which chain is the right one. Deposits that were credited cannot be taken back: "
            "restore a backup from before them, or restore the chain."
        ),
    ),
    "deposits_unproven": Description(
        False,
        gettext_noop(
            "The deposits that the node at %(host)s lists do not make the token contract's own hash: "
            "%(listed)s were listed, and %(expected)s were made."
        ),
        gettext_noop("Wait, or name another node in INFRAMIND_CHAIN_RPC."),
    ),
    "unreachable": Description(
        False,
        gettext_noop("The node does not answer: %(detail)s."),
        gettext_noop("Wait, or name another node in INFRAMIND_CHAIN_RPC."),
    ),
    "node_error": Description(
        False,
        gettext_noop("The node at %(host)s refuses a request: %(detail)s."),
        gettext_noop("Wait, or name another node in INFRAMIND_CHAIN_RPC."),
    ),
    "lagging": Description(
        False,
        gettext_noop(
            "The node at %(host)s lags: it is at block %(head)s, and block %(seen)s was seen before."
        ),
        gettext_noop(
            "Wait, or name another node in INFRAMIND_CHAIN_RPC. If a node was wrong and block %(seen)s never existed, "
            "run manage.py chain --accept."
        ),
    ),
    "asleep": Description(
        False,
        gettext_noop("The newest block of the chain is %(age)s seconds old."),
        gettext_noop("Wait until the chain or its node goes on."),
    ),
    "fee_ceiling": Description(
        False,
        gettext_noop("Gas costs more than the limit of %(limit)s gwei."),
        gettext_noop("Wait until gas is cheaper, or raise INFRAMIND_CHAIN_MAX_FEE."),
    ),
    "no_key": Description(
        False,
        gettext_noop("This site has no oracle key: another one has to submit epochs."),
        gettext_noop("Set INFRAMIND_CHAIN_ORACLE_KEYSTORE to submit epochs from here."),
    ),
    "second_node": Description(
        False,
        gettext_noop("The second node has not confirmed block %(block)s yet: %(detail)s."),
        gettext_noop("Wait, or replace the second node in INFRAMIND_CHAIN_RPC."),
    ),
}


def sentence(code: str, data: Mapping[str, Any]) -> str:
    """Return the sentence about the problem, in English."""
    return PROBLEMS[code].sentence % data


def action(code: str, data: Mapping[str, Any]) -> str:
    """Return the sentence about the remedy, in English."""
    return PROBLEMS[code].action % data


def localized(code: str, data: Mapping[str, Any]) -> tuple[str, str]:
    """Return the sentences about problem and remedy, in the reader's language."""
    return gettext(PROBLEMS[code].sentence) % data, gettext(PROBLEMS[code].action) % data


def halts(code: str) -> bool:
    """True if a person has to act before anything is submitted again."""
    return code != "" and PROBLEMS[code].halts


class Troubled(Protocol):
    """A stored problem, "" for none, and since when there is one."""

    problem: str
    problem_since: datetime | None


def problem_since(before: Troubled, code: str, now: datetime) -> datetime | None:
    """Since when there is a problem, whose code is now `code`.

    A problem whose code changes goes on, so that its alarm comes; one that halts from now on begins now.
    """
    if not code:
        return None
    if not before.problem or (code != before.problem and halts(code)):
        return now
    return before.problem_since
