"""The list of the votes on a dispute or a proposal."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from governance.api import serializers as schemas
from governance.selectors.tallies import Ballot
from governance.selectors.votes import VoteQuery, vote_ids, votes_by_id
from web.api.cursors import SNAPSHOT_PARTS, window
from web.api.pagination import snapshot_page


def vote_page(request: Request, ballot: Ballot, query: VoteQuery) -> Response:
    """A page of the votes on a ballot. Raises: `invalid`."""
    return snapshot_page(
        request,
        window=window(request, *SNAPSHOT_PARTS),
        keys=lambda: vote_ids(ballot, query),
        read=lambda ids: votes_by_id(ballot, ids),
        render=lambda votes: schemas.VoteSerializer(votes, many=True).data,
    )
