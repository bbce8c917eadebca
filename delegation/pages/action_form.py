"""What a money form asks for, read from an address or a form and judged before anything is looked up."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import Http404, QueryDict

from protocol.addresses import checksum, normalize
from protocol.amounts import format_amount, parse_amount
from protocol.errors import AddressInvalid, AmountInvalid, ProtocolError

ALL = "all"
MAX_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Wish:
    """One act of a wallet, as text and as values. `amount` in µIFM; None with text "all" means all there is.

    `refusal` is what is wrong with the text itself.
    """

    act: str
    wallet: str
    node: str = ""
    to: str = ""
    entry: int = 0
    text: str = ""
    amount: int | None = None
    to_text: str = ""
    refusal: ProtocolError | None = None

    @property
    def is_all(self) -> bool:
        return self.text == ALL

    @property
    def fields(self) -> tuple[tuple[str, str], ...]:
        """Names and values that carry it in a form or an address; the amount as it will be understood."""
        amount = ALL if self.is_all else "" if self.amount is None else plain(self.amount)
        given = (
            ("node", checksum(self.node) if self.node else ""),
            ("to", checksum(self.to) if self.to else self.to_text),
            ("entry", str(self.entry) if self.entry else ""),
            ("amount", amount or self.text),
        )
        return tuple((name, value) for name, value in given if value)

    @property
    def query(self) -> str:
        return urlencode(self.fields)


def plain(amount: int) -> str:
    """µIFM as the shortest text that a form understands: 1500, 0.5."""
    return format_amount(amount).rstrip("0").rstrip(".")


def read_wish(act: str, wallet: str, data: QueryDict) -> Wish:
    """The wish in a form or an address. Raises: Http404 when its node or entry cannot be one."""
    node, entry = data.get("node", ""), data.get("entry", "")
    text, to_text = data.get("amount", "").strip(), data.get("to", "").strip()
    amount, amount_refusal = _amount(text)
    to, to_refusal = _address(to_text)
    return Wish(
        act=act,
        wallet=wallet,
        node=_known(node),
        to=to,
        entry=_number(entry),
        text=text,
        amount=amount,
        to_text=to_text,
        refusal=to_refusal or amount_refusal,
    )


def _amount(text: str) -> tuple[int | None, ProtocolError | None]:
    if text in ("", ALL):
        return None, None
    try:
        return parse_amount(text), None
    except AmountInvalid as refusal:
        return None, AmountInvalid(refusal.detail, field="amount")


def _address(text: str) -> tuple[str, ProtocolError | None]:
    if not text:
        return "", None
    try:
        return normalize(text), None
    except AddressInvalid as refusal:
        return "", AddressInvalid(refusal.detail, field="to")


def _known(text: str) -> str:
    if not text:
        return ""
    try:
        return normalize(text)
    except AddressInvalid:
        raise Http404 from None


def _number(text: str) -> int:
    if not text:
        return 0
    if not (text.isascii() and text.isdigit()) or len(text) > 19 or int(text) > MAX_ID:
        raise Http404
    return int(text)


def plain_share(bps: int) -> str:
    """Basis points as the shortest percentage that a form understands, whatever the reader's numbers: 80, 82.5."""
    return f"{bps // 100}.{bps % 100:02d}".rstrip("0").rstrip(".")
