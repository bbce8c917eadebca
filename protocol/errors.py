"""Every refusal of the protocol: a stable code, an HTTP status and a sentence that says what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar


class ProtocolError(Exception):
    """A refused request (section 13). Raising it means that nothing was changed.

    `detail` is one sentence for the reader, `field` names the input at fault, `extra` carries
    figures for programs (such as the amount that a cap still admits).
    """

    code: ClassVar[str] = "invalid"
    status: ClassVar[int] = 400
    sentence: ClassVar[str] = "Correct the request."

    def __init__(
        self,
        detail: str | None = None,
        *,
        field: str | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> None:
        self.detail = detail or self.sentence
        self.field = field
        self.extra: dict[str, object] = dict(extra or {})
        super().__init__(self.detail)

    def __reduce__(self) -> tuple[object, ...]:
        # Exception's own would call the class with positional arguments only and lose the rest.
        return (type(self), (self.detail,), {"field": self.field, "extra": self.extra})


class AmountInvalid(ProtocolError):
    code = "amount_invalid"
    status = 400
    sentence = (
        "Enter the amount in IFM as plain digits with at most six after the point, for example 1500 or 0.5."
    )


class AmountTooSmall(ProtocolError):
    code = "amount_too_small"
    status = 400
    sentence = "Enter a larger amount: this one is below the smallest that is accepted."


class AddressInvalid(ProtocolError):
    code = "address_invalid"
    status = 400
    sentence = "Enter an address as 0x and 40 hex digits, all lower case or with its right checksum."


class ParameterOutOfBounds(ProtocolError):
    code = "parameter_out_of_bounds"
    status = 400
    sentence = "Choose a value inside the bounds of this parameter."


class ShareCutTooLarge(ProtocolError):
    code = "share_cut_too_large"
    status = 400
    sentence = "Lower the delegator share in smaller steps, one each epoch."


class ReceiptInvalid(ProtocolError):
    code = "receipt_invalid"
    status = 400
    sentence = (
        "Send every field of the receipt with a known class and outcome and numbers that are not negative."
    )


class Invalid(ProtocolError):
    code = "invalid"
    status = 400
    sentence = "Correct the request: a field is missing or has a value that is not understood."


class Unauthenticated(ProtocolError):
    code = "unauthenticated"
    status = 401
    sentence = "Sign in, and send the token with the request."


class NotOperator(ProtocolError):
    code = "not_operator"
    status = 403
    sentence = "Sign in as the operator of this node: nobody else may do this."


class ConflictOfInterest(ProtocolError):
    code = "conflict_of_interest"
    status = 403
    sentence = "You operate this node, so you cannot vote on its slash."


class NoVotingPower(ProtocolError):
    code = "no_voting_power"
    status = 403
    sentence = (
        "Stake or delegate before a vote is opened: this wallet had too little voting power when it was."
    )


class PermissionDenied(ProtocolError):
    code = "permission_denied"
    status = 403
    sentence = "Use a token that is allowed to do this."


class NotFound(ProtocolError):
    code = "not_found"
    status = 404
    sentence = "Check the address or number: there is nothing under it."


class MethodNotAllowed(ProtocolError):
    code = "method_not_allowed"
    status = 405
    sentence = "Use one of the methods that this address accepts."


class TooLarge(ProtocolError):
    code = "too_large"
    status = 413
    sentence = "Send less in one request: this one is too large."


class UnsupportedMediaType(ProtocolError):
    code = "unsupported_media_type"
    status = 415
    sentence = "Send the body as application/json."


class RateLimited(ProtocolError):
    code = "rate_limited"
    status = 429
    sentence = "Wait a moment, then try again: too many requests came from here."


class InsufficientBalance(ProtocolError):
    code = "insufficient_balance"
    status = 409
    sentence = "Enter a smaller amount: the balance does not cover it."


class OwnNode(ProtocolError):
    code = "own_node"
    status = 409
    sentence = "Stake on your own node instead: an operator cannot delegate to it."


class NodeBanned(ProtocolError):
    code = "node_banned"
    status = 409
    sentence = "Choose another node: this one is banned."


class NodeRetired(ProtocolError):
    code = "node_retired"
    status = 409
    sentence = "Choose another node: this one is retired."


class NodeCooldown(ProtocolError):
    code = "node_cooldown"
    status = 409
    sentence = "Wait until the node's cooldown is over, or choose another node."


class NodeUnbonding(ProtocolError):
    code = "node_unbonding"
    status = 409
    sentence = (
        "Undelegate instead, or wait: the operator of this node is unbonding, so its delegations "
        "cannot be redelegated."
    )


class PendingSlash(ProtocolError):
    code = "pending_slash"
    status = 409
    sentence = "Wait until the pending slash of this node is decided, or choose another node."


class HeldBySlash(ProtocolError):
    code = "held_by_slash"
    status = 409
    sentence = "Wait until the pending slash that can still reach this stake is decided."


class DelegationCapExceeded(ProtocolError):
    code = "delegation_cap_exceeded"
    status = 409
    sentence = "Delegate less, or choose another node: the operator's cap leaves less room than that."


class RedelegationHop(ProtocolError):
    code = "redelegation_hop"
    status = 409
    sentence = "Wait one unbonding period after the last redelegation before you redelegate this stake again."


class UnbondingNotMature(ProtocolError):
    code = "unbonding_not_mature"
    status = 409
    sentence = "Wait until the unbonding period is over."


class UnbondingClosed(ProtocolError):
    code = "unbonding_closed"
    status = 409
    sentence = "Nothing is left to do: this unbonding was already paid or cancelled."


class NothingToClaim(ProtocolError):
    code = "nothing_to_claim"
    status = 409
    sentence = "Come back after the next settlement: nothing was earned since the last claim."


class DisputeWindowClosed(ProtocolError):
    code = "dispute_window_closed"
    status = 409
    sentence = "Nothing can be disputed any more: the time to dispute this slash is over."


class AlreadyDisputed(ProtocolError):
    code = "already_disputed"
    status = 409
    sentence = "Follow the dispute that is already open: a slash is disputed once."


class VoteClosed(ProtocolError):
    code = "vote_closed"
    status = 409
    sentence = "Nothing can be voted any more: this vote is closed."


class ReceiptConflict(ProtocolError):
    code = "receipt_conflict"
    status = 409
    sentence = "Send each job once: another receipt with this job id is already recorded."


class ReceiptTime(ProtocolError):
    code = "receipt_time"
    status = 409
    sentence = "Send it while its epoch is open: the time lies too far from the open epoch."


class IdempotencyConflict(ProtocolError):
    code = "idempotency_conflict"
    status = 409
    sentence = "Use a new Idempotency-Key: this one was used with another body."


class Conflict(ProtocolError):
    code = "conflict"
    status = 409
    sentence = "Choose another address: this one is taken."


ERRORS: dict[str, type[ProtocolError]] = {error.code: error for error in ProtocolError.__subclasses__()}
