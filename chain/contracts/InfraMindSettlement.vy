# pragma version 0.4.3
# pragma evm-version cancun
# pragma optimize gas
"""
@title InfraMind settlement
@license Apache-2.0
@notice Stores the Merkle root of every settled epoch's report, in order and exactly once, and verifies leaves
        against it.
        Three roles: the oracle submits epochs; the guardian can pause the contract; the owner appoints both and is
        the only one who can resume.
        Leaves become provable with a delay, so that the guardian has time to pause when a wrong root was submitted:
        an epoch is provable once a later epoch has been on chain for `DELAY` seconds. An oracle cannot shorten that by
        submitting often: epochs submitted within one delay wait for one that is submitted after it. During a pause
        nothing becomes provable.
        Amounts are in µIFM, the smallest unit of the token.
"""

struct Slash:
    node: address
    amount: uint256

# Held in one storage slot, because every call of `submit` writes most of it.
struct State:
    emitted: uint256         # the sum of the emissions of all anchored epochs
    last_epoch: uint256      # the latest anchored epoch
    waiting_epoch: uint256   # provable when `DELAY` seconds of the present window are over
    provable_epoch: uint256  # provable already
    window_start: uint256    # when the present window began, in seconds
    paused: bool

event EpochSettled:
    epoch: indexed(uint256)
    root: bytes32
    emission: uint256

event Slashed:
    epoch: indexed(uint256)
    node: indexed(address)
    amount: uint256

event EpochsRevoked:
    last_epoch: indexed(uint256)
    emitted: uint256

event OracleChanged:
    oracle: indexed(address)

event GuardianChanged:
    guardian: indexed(address)

event OwnershipTransferStarted:
    owner: indexed(address)
    pending_owner: indexed(address)

event OwnershipTransferred:
    previous_owner: indexed(address)
    owner: indexed(address)

event Paused:
    account: indexed(address)

event Resumed:
    account: indexed(address)

MAX_SLASHES: constant(uint256) = 64  # per transaction; Vyper copies a list argument at this full length
MAX_DEPTH: constant(uint256) = 32
MAX_AMOUNT: constant(uint256) = 2**63 - 1  # the ledger stores amounts in signed 64-bit columns

# Layout of the packed state: 64 bits, four times 40 bits and one bit, in the order of the struct, lowest first.
EMITTED_MASK: constant(uint256) = 2**64 - 1
FIELD_MASK: constant(uint256) = 2**40 - 1

# Layout of the packed slash cursor: node 160, epoch 40, and one bit that is always set, so that the slot is never zero
# and writing it costs the same every time.
NODE_MASK: constant(uint256) = 2**160 - 1
CURSOR_BIT: constant(uint256) = 2**255

NETWORK: public(immutable(bytes32))  # names the network whose epochs these are
DELAY: public(immutable(uint256))
FIRST_EPOCH: public(immutable(uint256))  # the first epoch that can be submitted

owner: public(address)
pending_owner: public(address)
guardian: public(address)
oracle: public(address)
packed_state: uint256
roots: HashMap[uint256, bytes32]
packed_cursor: uint256  # the last node of a full list of slashes, and its epoch


@deploy
def __init__(
    network: bytes32,
    owner: address,
    oracle: address,
    guardian: address,
    delay: uint256,
    last_epoch: uint256,
    last_root: bytes32,
    emitted: uint256,
):
    """
    @param network Names the network, so that nobody submits another network's epochs by mistake.
    @param delay Seconds for which a later epoch must have been anchored before an epoch is provable.
    @param last_epoch The last epoch that was settled before this contract; 0 for a new network.
    @param last_root The root of that epoch; zero for a new network.
    @param emitted The tokens of the ledger that existed before and may still be minted; 0 for a new network.
    """
    assert owner != empty(address), "no owner"
    assert delay <= 30 * 86_400, "delay too long"
    assert last_epoch < 2**32, "epoch too large"
    assert emitted <= MAX_AMOUNT, "emission too large"
    assert last_epoch != 0 or last_root == empty(bytes32), "root without epoch"
    NETWORK = network
    DELAY = delay
    FIRST_EPOCH = last_epoch + 1
    self.owner = owner
    self.oracle = oracle
    self.guardian = guardian
    self.roots[last_epoch] = last_root
    self.packed_cursor = CURSOR_BIT
    self._save(State(
        emitted=emitted,
        last_epoch=last_epoch,
        waiting_epoch=last_epoch,
        provable_epoch=last_epoch,
        window_start=0,
        paused=False,
    ))
    log OwnershipTransferred(previous_owner=empty(address), owner=owner)
    log OracleChanged(oracle=oracle)
    log GuardianChanged(guardian=guardian)


# Submitting ----------------------------------------------------------------------------------------------------------


@external
def submit(
    epoch: uint256,
    previous_root: bytes32,
    root: bytes32,
    emission: uint256,
    slashes: DynArray[Slash, MAX_SLASHES],
):
    """
    @notice Anchor the next epoch.
    @param epoch Must follow the latest anchored epoch.
    @param previous_root The root of the epoch before. It must be the anchored one, so that a database that was
           restored from a backup, or another network's, cannot continue this history.
    @param root The root of the epoch's Merkle tree; zero for a report without leaves.
    @param emission The amount by which this epoch raises what the token may mint.
    @param slashes The slashes executed in this epoch, by rising address. A full list can be continued with
           `submit_more`. The contract cannot check it against the root; replaying the epoch does.
    """
    assert msg.sender == self.oracle, "not the oracle"
    state: State = self._load()
    assert not state.paused, "paused"
    assert epoch == state.last_epoch + 1, "not the next epoch"
    assert previous_root == self.roots[state.last_epoch], "another history"
    assert emission <= MAX_AMOUNT - state.emitted, "emission too large"
    if self._window_is_over(state):
        state.provable_epoch = state.waiting_epoch
        state.waiting_epoch = state.last_epoch
        state.window_start = block.timestamp
    state.last_epoch = epoch
    state.emitted += emission
    self._save(state)
    self.roots[epoch] = root
    log EpochSettled(epoch=epoch, root=root, emission=emission)
    self._record_slashes(epoch, 0, slashes)


@external
def submit_more(epoch: uint256, slashes: DynArray[Slash, MAX_SLASHES]):
    """
    @notice Add slashes to the latest epoch when the list before was full.
    @param slashes They continue the list before: by rising address, above its last node.
    """
    assert msg.sender == self.oracle, "not the oracle"
    state: State = self._load()
    assert not state.paused, "paused"
    assert epoch == state.last_epoch, "not the latest epoch"
    assert len(slashes) > 0, "no slashes"
    cursor: uint256 = self.packed_cursor & ~CURSOR_BIT
    assert cursor >> 160 == epoch and cursor & NODE_MASK != 0, "no list to continue"
    self._record_slashes(epoch, cursor & NODE_MASK, slashes)
    if len(slashes) < MAX_SLASHES:
        self.packed_cursor = CURSOR_BIT


@internal
def _record_slashes(epoch: uint256, after: uint256, slashes: DynArray[Slash, MAX_SLASHES]):
    # Rising addresses: no node twice, and a list that was sent again is refused.
    last: uint256 = after
    for slash: Slash in slashes:
        node: uint256 = convert(slash.node, uint256)
        assert node > last, "slashes not in order"
        last = node
        log Slashed(epoch=epoch, node=slash.node, amount=slash.amount)
    if len(slashes) == MAX_SLASHES:
        self.packed_cursor = CURSOR_BIT | epoch << 160 | last


# Reading -------------------------------------------------------------------------------------------------------------


@external
@view
def verify(
    kind: String[32],
    account: address,
    amount: uint256,
    epoch: uint256,
    proof: DynArray[bytes32, MAX_DEPTH],
) -> bool:
    """
    @notice Whether the report of an anchored epoch contains a leaf. The tree is OpenZeppelin's StandardMerkleTree
            with leaves of ["string", "address", "uint256", "uint256"].
    @return False as well for an epoch that is not anchored, or has a report without leaves.
    """
    node: bytes32 = keccak256(abi_encode(keccak256(abi_encode(kind, account, amount, epoch))))
    for sibling: bytes32 in proof:
        if convert(node, uint256) < convert(sibling, uint256):
            node = keccak256(concat(node, sibling))
        else:
            node = keccak256(concat(sibling, node))
    return node == self._root_of(epoch)


@external
@view
def root_of(epoch: uint256) -> bytes32:
    """
    @notice The root of an anchored epoch.
    @return Zero for an epoch that is not anchored. Zero is also the root of a report without leaves: compare the
            number with `last_epoch`.
    """
    return self._root_of(epoch)


@external
@view
def last_epoch() -> uint256:
    """@notice The latest anchored epoch."""
    return self._load().last_epoch


@external
@view
def provable_epoch() -> uint256:
    """@notice The latest epoch whose leaves can be proven to the token, as soon as the contract is not paused."""
    state: State = self._load()
    if not state.paused and self._window_is_over(state):
        return state.waiting_epoch
    return state.provable_epoch


@external
@view
def emitted() -> uint256:
    """@notice The sum of the emissions of all anchored epochs: the token never mints more."""
    return self._load().emitted


@external
@view
def paused() -> bool:
    """@notice Whether submitting epochs and proving leaves to the token are stopped."""
    return self._load().paused


@external
@view
def slash_cursor() -> address:
    """
    @notice The node after which `submit_more` continues the slashes of the latest epoch.
    @return Zero when there is no list to continue.
    """
    cursor: uint256 = self.packed_cursor & ~CURSOR_BIT
    if cursor >> 160 != self._load().last_epoch:
        return empty(address)
    return convert(cursor & NODE_MASK, address)


# Roles ---------------------------------------------------------------------------------------------------------------


@external
def pause():
    """@notice Stop `submit`, `submit_more` and proofs to the token. Guardian or owner."""
    assert msg.sender in [self.guardian, self.owner], "not the guardian"
    state: State = self._load()
    assert not state.paused, "paused"
    if self._window_is_over(state):
        state.provable_epoch = state.waiting_epoch
    state.paused = True
    self._save(state)
    log Paused(account=msg.sender)


@external
def resume():
    """
    @notice End a pause; the delay of the epochs that are not provable yet begins again. Owner only, so that a stolen
            guardian key cannot undo a pause.
    """
    assert msg.sender == self.owner, "not the owner"
    state: State = self._load()
    assert state.paused, "not paused"
    state.paused = False
    state.window_start = block.timestamp
    self._save(state)
    log Resumed(account=msg.sender)


@external
def revoke(last_epoch: uint256, emitted: uint256):
    """
    @notice Remove the latest epochs after a wrong root was submitted. Owner only, and only during a pause. An epoch
            that was provable before the pause cannot be removed.
    @param last_epoch The latest epoch that stays.
    @param emitted The sum of the emissions of the epochs that stay.
    """
    assert msg.sender == self.owner, "not the owner"
    state: State = self._load()
    assert state.paused, "not paused"
    assert last_epoch < state.last_epoch, "nothing to revoke"
    assert last_epoch >= state.provable_epoch, "already provable"
    assert emitted <= state.emitted, "emission too large"
    state.last_epoch = last_epoch
    state.waiting_epoch = min(state.waiting_epoch, last_epoch)
    state.emitted = emitted
    self._save(state)
    self.packed_cursor = CURSOR_BIT
    log EpochsRevoked(last_epoch=last_epoch, emitted=emitted)


@external
def set_oracle(oracle: address):
    """@notice Appoint the account that submits epochs; zero for none. Owner only."""
    assert msg.sender == self.owner, "not the owner"
    self.oracle = oracle
    log OracleChanged(oracle=oracle)


@external
def set_guardian(guardian: address):
    """@notice Appoint the account that can pause; zero for none. Owner only."""
    assert msg.sender == self.owner, "not the owner"
    self.guardian = guardian
    log GuardianChanged(guardian=guardian)


@external
def transfer_ownership(new_owner: address):
    """@notice Offer ownership to an account, which must accept it; zero withdraws an offer. Owner only."""
    assert msg.sender == self.owner, "not the owner"
    self.pending_owner = new_owner
    log OwnershipTransferStarted(owner=msg.sender, pending_owner=new_owner)


@external
def accept_ownership():
    """@notice Become the owner. Only the account to which ownership was offered."""
    assert msg.sender == self.pending_owner, "not the pending owner"
    log OwnershipTransferred(previous_owner=self.owner, owner=msg.sender)
    self.owner = msg.sender
    self.pending_owner = empty(address)


# Storage -------------------------------------------------------------------------------------------------------------


@internal
@view
def _root_of(epoch: uint256) -> bytes32:
    # A revoked epoch leaves its root in storage until another one takes its place.
    if epoch > self._load().last_epoch:
        return empty(bytes32)
    return self.roots[epoch]


@internal
@view
def _window_is_over(state: State) -> bool:
    return block.timestamp >= state.window_start + DELAY


@internal
@view
def _load() -> State:
    packed: uint256 = self.packed_state
    return State(
        emitted=packed & EMITTED_MASK,
        last_epoch=packed >> 64 & FIELD_MASK,
        waiting_epoch=packed >> 104 & FIELD_MASK,
        provable_epoch=packed >> 144 & FIELD_MASK,
        window_start=packed >> 184 & FIELD_MASK,
        paused=packed >> 224 != 0,
    )


@internal
def _save(state: State):
    self.packed_state = (
        state.emitted
        | state.last_epoch << 64
        | state.waiting_epoch << 104
        | state.provable_epoch << 144
        | state.window_start << 184
        | convert(state.paused, uint256) << 224
    )
