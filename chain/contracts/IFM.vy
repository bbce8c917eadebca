# pragma version 0.4.3
# pragma evm-version cancun
# pragma optimize gas
"""
@title InfraMind token
@license Apache-2.0
@notice An ERC-20 token in which a part of each balance can be locked by the protocol. Locked tokens stay in their
        owner's wallet and count in `balanceOf`, but cannot be transferred.
        The owner locks tokens to bring them into the protocol. What happened to them there is proven with leaves of
        the epochs anchored in the settlement contract, each a total since the beginning for one wallet:
        `minted` adds tokens to the locked part, `burned` destroys locked tokens, `released` unlocks them.
        Anyone may bring a proof, in any order and any number of times: the result is the same.
        The supply never exceeds the initial supply and the emissions of the anchored epochs, and fits 63 bits.
"""
from ethereum.ercs import IERC20

implements: IERC20

interface Settlement:
    def verify(
        kind: String[32], account: address, amount: uint256, epoch: uint256, proof: DynArray[bytes32, 32]
    ) -> bool: view
    def provable_epoch() -> uint256: view
    def emitted() -> uint256: view
    def paused() -> bool: view

# The protocol's part of an account. Held in one storage slot, because a proof changes two of its fields.
struct Position:
    locked: uint256
    minted: uint256    # totals applied so far
    burned: uint256
    released: uint256

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    value: uint256

event Approval:
    owner: indexed(address)
    spender: indexed(address)
    value: uint256

event Locked:
    index: indexed(uint256)
    account: indexed(address)
    amount: uint256

event Proven:
    account: indexed(address)
    epoch: indexed(uint256)
    kind: String[32]
    amount: uint256
    total: uint256

name: public(constant(String[9])) = "InfraMind"
symbol: public(constant(String[3])) = "IFM"
decimals: public(constant(uint8)) = 6
version: public(constant(String[1])) = "1"

MAX_SUPPLY: constant(uint256) = 2**63 - 1  # the ledger stores amounts in signed 64-bit columns
FIELD_MASK: constant(uint256) = 2**64 - 1
MAX_S: constant(uint256) = 57896044618658097711785492504343953926418782139537452191302581570759080747168

DOMAIN_TYPE: constant(bytes32) = keccak256(
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
PERMIT_TYPE: constant(bytes32) = keccak256(
    "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
)

SETTLEMENT: public(immutable(Settlement))
INITIAL_SUPPLY: public(immutable(uint256))

transferable: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])
nonces: public(HashMap[address, uint256])
minted: public(uint256)  # by proofs, all accounts together
burned: public(uint256)
lock_count: public(uint256)
lock_head: public(bytes32)  # keccak256(previous head, index, account, amount): proves that a list of locks is whole
positions: HashMap[address, uint256]


@deploy
def __init__(settlement: address, holder: address, supply: uint256):
    """
    @param settlement The settlement contract whose epochs this token accepts.
    @param holder The account that receives the initial supply.
    @param supply The tokens that exist before any epoch; they are not locked.
    """
    assert settlement.is_contract, "no settlement contract"
    assert holder != empty(address), "invalid receiver"
    assert supply <= MAX_SUPPLY, "supply too large"
    SETTLEMENT = Settlement(settlement)
    INITIAL_SUPPLY = supply
    self.transferable[holder] = supply
    self.lock_head = keccak256(abi_encode(chain.id, self))
    log Transfer(sender=empty(address), receiver=holder, value=supply)


# Balances ------------------------------------------------------------------------------------------------------------


@external
@view
def totalSupply() -> uint256:
    """@notice All tokens, locked or not."""
    return INITIAL_SUPPLY + self.minted - self.burned


@external
@view
def balanceOf(account: address) -> uint256:
    """@notice All tokens of an account, locked or not; `transferable` is the part that is not locked."""
    return self.transferable[account] + self._load(account).locked


@external
@view
def locked(account: address) -> uint256:
    """@notice The part of an account's balance that is in the protocol."""
    return self._load(account).locked


@external
@view
def proven(account: address) -> (uint256, uint256, uint256):
    """@notice The totals of `minted`, `burned` and `released` that were applied to an account."""
    position: Position = self._load(account)
    return position.minted, position.burned, position.released


# ERC-20 --------------------------------------------------------------------------------------------------------------


@external
def transfer(receiver: address, amount: uint256) -> bool:
    """@notice Send tokens that are not locked."""
    self._transfer(msg.sender, receiver, amount)
    return True


@external
def transferFrom(owner: address, receiver: address, amount: uint256) -> bool:
    """@notice Send an owner's tokens that are not locked, within an allowance."""
    allowed: uint256 = self.allowance[owner][msg.sender]
    assert amount <= allowed, "insufficient allowance"
    if allowed != max_value(uint256):
        self.allowance[owner][msg.sender] = allowed - amount
    self._transfer(owner, receiver, amount)
    return True


@external
def approve(spender: address, amount: uint256) -> bool:
    """@notice Let a spender send the caller's tokens; the largest number never decreases."""
    self._approve(msg.sender, spender, amount)
    return True


@external
def permit(owner: address, spender: address, amount: uint256, deadline: uint256, v: uint8, r: bytes32, s: bytes32):
    """
    @notice Approve with the owner's signature (EIP-2612).
    @param spender Any account but this contract: a permit for it is only good for `lock_with_permit`, so that nobody
           can use up a signature that was made to lock.
    """
    assert spender != self, "use lock_with_permit"
    self._use_permit(owner, spender, amount, deadline, v, r, s)
    self._approve(owner, spender, amount)


@external
@view
def DOMAIN_SEPARATOR() -> bytes32:
    """@notice The EIP-712 domain of permits on this chain."""
    return self._domain()


# Locking -------------------------------------------------------------------------------------------------------------


@external
def lock(amount: uint256):
    """
    @notice Bring tokens into the protocol. They stay in the caller's wallet until they are released.
            Contracts are refused: they cannot sign in to the protocol and could never ask for a release.
    """
    assert msg.sender == tx.origin, "contracts cannot lock"
    self._lock(msg.sender, amount)


@external
def lock_with_permit(owner: address, amount: uint256, deadline: uint256, v: uint8, r: bytes32, s: bytes32):
    """
    @notice Bring an owner's tokens into the protocol with the owner's signature; anyone may send it.
            The owner signs a permit (EIP-2612) of the amount for this contract.
    """
    self._use_permit(owner, self, amount, deadline, v, r, s)
    self._lock(owner, amount)


# Proving -------------------------------------------------------------------------------------------------------------


@external
def prove(kind: String[32], account: address, total: uint256, epoch: uint256, proof: DynArray[bytes32, 32]):
    """
    @notice Apply a leaf of an anchored epoch: what was `minted`, `burned` or `released` for an account, in total.
            Only the difference to what was applied before takes effect. When fewer tokens are locked, or fewer may
            still be minted, as much as possible takes effect now and the rest when the proof is brought again: a
            total can contain tokens whose `minted` leaf was not brought yet.
    """
    assert not staticcall SETTLEMENT.paused(), "paused"
    assert epoch <= staticcall SETTLEMENT.provable_epoch(), "too early"
    assert staticcall SETTLEMENT.verify(kind, account, total, epoch, proof), "not proven"
    assert total <= MAX_SUPPLY, "total too large"
    position: Position = self._load(account)
    amount: uint256 = 0
    if kind == "minted":
        amount = self._applicable(total, position.minted, self._mintable())
        position.minted += amount
        position.locked += amount
        self.minted += amount
        log Transfer(sender=empty(address), receiver=account, value=amount)
    elif kind == "burned":
        amount = self._applicable(total, position.burned, position.locked)
        position.burned += amount
        position.locked -= amount
        self.burned += amount
        log Transfer(sender=account, receiver=empty(address), value=amount)
    else:
        assert kind == "released", "unknown kind"
        amount = self._applicable(total, position.released, position.locked)
        position.released += amount
        position.locked -= amount
        self.transferable[account] += amount
    self._save(account, position)
    log Proven(account=account, epoch=epoch, kind=kind, amount=amount, total=total)


@internal
@pure
def _applicable(total: uint256, applied: uint256, available: uint256) -> uint256:
    assert total > applied, "already applied"
    assert available > 0, "nothing available"
    return min(total - applied, available)


@internal
@view
def _mintable() -> uint256:
    # Minted before counts whole, burned or not: what is burned of one wallet cannot be minted for another.
    limit: uint256 = min(staticcall SETTLEMENT.emitted(), MAX_SUPPLY - INITIAL_SUPPLY)
    minted: uint256 = self.minted
    # Below after epochs were revoked.
    return limit - minted if limit > minted else 0


# Internal ------------------------------------------------------------------------------------------------------------


@internal
def _transfer(owner: address, receiver: address, amount: uint256):
    assert receiver != empty(address) and receiver != self, "invalid receiver"
    balance: uint256 = self.transferable[owner]
    assert amount <= balance, "insufficient transferable balance"
    self.transferable[owner] = balance - amount
    self.transferable[receiver] += amount
    log Transfer(sender=owner, receiver=receiver, value=amount)


@internal
def _approve(owner: address, spender: address, amount: uint256):
    self.allowance[owner][spender] = amount
    log Approval(owner=owner, spender=spender, value=amount)


@internal
def _lock(account: address, amount: uint256):
    assert amount > 0, "nothing to lock"
    balance: uint256 = self.transferable[account]
    assert amount <= balance, "insufficient transferable balance"
    self.transferable[account] = balance - amount
    position: Position = self._load(account)
    position.locked += amount
    self._save(account, position)
    index: uint256 = self.lock_count
    self.lock_count = index + 1
    self.lock_head = keccak256(abi_encode(self.lock_head, index, account, amount))
    log Locked(index=index, account=account, amount=amount)


@internal
def _use_permit(
    owner: address, spender: address, amount: uint256, deadline: uint256, v: uint8, r: bytes32, s: bytes32
):
    assert block.timestamp <= deadline, "permit expired"
    # The other half of the curve order would allow a second signature for the same permit.
    assert convert(s, uint256) <= MAX_S, "invalid signature"
    nonce: uint256 = self.nonces[owner]
    message: bytes32 = keccak256(abi_encode(PERMIT_TYPE, owner, spender, amount, nonce, deadline))
    digest: bytes32 = keccak256(concat(x"1901", self._domain(), message))
    signer: address = ecrecover(digest, v, r, s)
    assert signer != empty(address) and signer == owner, "invalid signature"
    self.nonces[owner] = nonce + 1


@internal
@view
def _domain() -> bytes32:
    # Not stored: after a fork of the chain, a permit is good on one side only.
    return keccak256(abi_encode(DOMAIN_TYPE, keccak256(name), keccak256(version), chain.id, self))


@internal
@view
def _load(account: address) -> Position:
    packed: uint256 = self.positions[account]
    return Position(
        locked=packed & FIELD_MASK,
        minted=packed >> 64 & FIELD_MASK,
        burned=packed >> 128 & FIELD_MASK,
        released=packed >> 192,
    )


@internal
def _save(account: address, position: Position):
    self.positions[account] = (
        position.locked | position.minted << 64 | position.burned << 128 | position.released << 192
    )
