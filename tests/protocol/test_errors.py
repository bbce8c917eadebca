from __future__ import annotations

import pickle
import re

import pytest

from protocol.errors import ERRORS, DelegationCapExceeded, ProtocolError

# Section 13, as it is written there.
STATUSES = {
    400: "amount_invalid amount_too_small address_invalid parameter_out_of_bounds share_cut_too_large"
    " receipt_invalid invalid",
    401: "unauthenticated",
    403: "not_operator conflict_of_interest no_voting_power permission_denied",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
    429: "rate_limited",
    409: "insufficient_balance own_node node_banned node_retired node_cooldown node_unbonding pending_slash"
    " held_by_slash delegation_cap_exceeded redelegation_hop unbonding_not_mature nothing_to_claim"
    " dispute_window_closed"
    " already_disputed vote_closed receipt_conflict receipt_time idempotency_conflict unbonding_closed"
    " conflict",
}
CODES = {code: status for status, codes in STATUSES.items() for code in codes.split()}


def test_every_code_has_its_status() -> None:
    assert {code: error.status for code, error in ERRORS.items()} == CODES


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_has_a_sentence_of_its_own(code: str) -> None:
    detail = ERRORS[code]().detail
    assert re.fullmatch(r"[A-Z].{20,}\.", detail)
    assert [other for other in ERRORS.values() if other.sentence == detail] == [ERRORS[code]]


def test_an_error_keeps_its_arguments() -> None:
    error = DelegationCapExceeded("Delegate at most 5.000000.", field="amount", extra={"room": 5_000_000})
    assert (str(error), error.field, error.extra) == (
        "Delegate at most 5.000000.",
        "amount",
        {"room": 5_000_000},
    )


def test_an_error_survives_pickling() -> None:
    error = pickle.loads(pickle.dumps(DelegationCapExceeded("Less.", field="amount", extra={"room": 1})))
    assert isinstance(error, ProtocolError)
    assert (error.detail, error.field, error.extra) == ("Less.", "amount", {"room": 1})
