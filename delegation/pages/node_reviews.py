"""Reviews of what an operator changes: registration, terms, retirement."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from delegation.pages.actions.rows import change
from protocol.addresses import checksum
from staking.models import Node
from staking.pages.node_facts import hardware_lines
from staking.services.epochs import OpenEpoch
from staking.templatetags.node_cells import region_name
from web.confirmation import Review
from web.formatting import grouped_int, ifm_unit, percent, period


def register_review(node: Node, epoch: OpenEpoch) -> Review:
    rows: list[tuple[str, Any]] = [
        (gettext("Address"), _whole(node.address)),
        (gettext("Name"), node.name),
        (gettext("Region"), region_name(node.region)),
        *(hardware_lines(node.hardware) or [(gettext("Hardware"), gettext("not declared"))]),
        (gettext("Signing key"), _whole(node.signing_key)),
        (gettext("Delegation cap"), _cap(node.delegation_cap)),
        (gettext("Delegator share"), percent(node.share_bps)),
        (gettext("Custody"), gettext("Custodial") if node.custodial else gettext("Non-custodial")),
        (gettext("Your wallet"), gettext("becomes the operator")),
    ]
    return Review(
        title=gettext("Register %(name)s") % {"name": node.name},
        rows=rows,
        warning=gettext(
            "The address and the custody of a node cannot be changed later. It is ranked once you stake on it; stake "
            "takes %(time)s to get back."
        )
        % {"time": period(epoch.params.unbonding_seconds)},
        button=gettext("Register %(name)s") % {"name": node.name},
    )


def terms_review(before: Node, after: Node, epoch: OpenEpoch) -> Review:
    share = epoch.number + 1
    rows: list[tuple[str, Any]] = [
        (gettext("Node"), before.name),
        (gettext("Delegation cap"), change(_cap(before.delegation_cap), _cap(after.delegation_cap))),
        (
            gettext("Delegator share from epoch %(n)s") % {"n": grouped_int(share)},
            change(percent(before.share_in(epoch.number)), percent(after.share_in(share))),
        ),
        (gettext("Delegated now"), ifm_unit(after.pool.tokens)),
    ]
    reduced = after.share_in(share) < before.share_in(epoch.number)
    return Review(
        title=gettext("Change the terms of %(name)s") % {"name": before.name},
        rows=rows,
        warning=gettext("Delegators are notified of the reduced share before it takes effect.")
        if reduced
        else gettext("The cap applies at once, the share from the next epoch on."),
        button=gettext("Save terms"),
        back=reverse("operator-node", args=[before.address]) + "#terms",
        harmless=not reduced,
    )


def retire_review(node: Node) -> Review:
    rows: list[tuple[str, Any]] = [
        (gettext("Node"), _whole(node.address)),
        (gettext("Own stake, can still be unstaked"), ifm_unit(node.self_stake)),
        (gettext("Delegated, can still be undelegated"), ifm_unit(node.pool.tokens)),
        (gettext("New stake and delegations"), gettext("refused")),
        (gettext("Jobs"), gettext("none any more")),
    ]
    return Review(
        title=gettext("Retire %(name)s") % {"name": node.name},
        rows=rows,
        warning=gettext(
            "This is final: a retired node cannot be brought back, and its address cannot be registered again."
        ),
        button=gettext("Retire %(name)s") % {"name": node.name},
        back=reverse("operator-node", args=[node.address]),
        danger=True,
    )


def _cap(cap: int | None) -> Any:
    return gettext("none") if cap is None else ifm_unit(cap, 0 if cap % 1_000_000 == 0 else None)


def _whole(address: str) -> SafeString:
    return format_html('<span class="im-hash">{}</span>', checksum(address))
