"""Endpoints of the job scheduler: eligible nodes, and draws (R50)."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from protocol.addresses import checksum
from protocol.errors import Invalid
from protocol.parameters import JOB_CLASSES
from protocol.texts import REGION_PATTERN, forbidden_character
from staking.api.node_schemas import RegionField
from staking.selectors import scheduler
from staking.selectors.scheduler import Eligible
from web.api import filters
from web.api.cursors import number_part, window
from web.api.fields import AddressField, IntegerField, ProtocolField
from web.api.pagination import PAGE_PARAMETERS, page, page_of
from web.api.response_cache import cached

JOB_ID_LENGTH = 64
LARGEST_QUORUM = 100
CACHED_ANSWERS = 512
FILTERS = [
    OpenApiParameter(
        "job_class", enum=list(JOB_CLASSES), required=True, description="Only nodes that may do it."
    ),
    OpenApiParameter(
        "region",
        {"type": "string", "pattern": REGION_PATTERN, "examples": ["eu-west"]},
        description="Where the job is asked from: nodes there weigh 5/4.",
    ),
]
# Answers under a cursor are not cached: each is asked for once.
NAMES = frozenset([parameter.name for parameter in (*FILTERS, *PAGE_PARAMETERS)]) - {"cursor"}


@extend_schema_field({"type": "string", "minLength": 1, "maxLength": JOB_ID_LENGTH, "examples": ["job-1"]})
class JobIdField(ProtocolField):
    """A job's identifier, 1 to 64 visible characters."""

    refusal = Invalid

    def parse(self, data: Any) -> str:
        if not isinstance(data, str) or not 1 <= len(data) <= JOB_ID_LENGTH or forbidden_character(data):
            raise Invalid(f"Enter a job id of 1 to {JOB_ID_LENGTH} visible characters.")
        return data

    def to_representation(self, value: str) -> str:
        return value


class Candidate(serializers.Serializer[Any]):
    """A node that is eligible for the job; `weight` is its weight in the draw."""

    node = AddressField()
    tier = serializers.IntegerField()
    score_bps = serializers.IntegerField()
    weight = serializers.IntegerField()
    region = serializers.CharField()


class Job(serializers.Serializer[Any]):
    """A job to assign to a node."""

    job_id = JobIdField()
    job_class = serializers.ChoiceField(JOB_CLASSES)
    region = RegionField(required=False)


class QuorumJob(Job):
    """A job that several nodes are to do or check together."""

    size = IntegerField(min_value=1, max_value=LARGEST_QUORUM)


class AssignmentShape(serializers.Serializer[Any]):
    """The node drawn: `draw` is keccak256("RANKING:JOB_ID") mod the sum of weights, walked best first."""

    node = AddressField()
    ranking = serializers.IntegerField()
    draw = serializers.IntegerField()
    total_weight = serializers.IntegerField()


class QuorumShape(serializers.Serializer[Any]):
    """The nodes drawn, of distinct operators, the coordinator first among the members.

    The coordinator is drawn for the job id, the member in seat n (from 1) for "JOB_ID:n".
    """

    ranking = serializers.IntegerField()
    coordinator = AddressField()
    members = serializers.ListField(child=AddressField())


class SchedulerNodes(APIView):
    @extend_schema(
        tags=["scheduler"],
        operation_id="scheduler_nodes",
        parameters=[*FILTERS, *PAGE_PARAMETERS],
        responses=page_of(Candidate),
    )
    def get(self, request: Request) -> Response:
        """Nodes eligible for a job class, best first, with their weights for jobs from a region."""
        job_class = filters.choice(request, "job_class", JOB_CLASSES)
        if job_class is None:
            raise Invalid(f"Give a job class: one of {', '.join(JOB_CLASSES)}.", field="job_class")
        region, wanted = filters.region(request), window(request, number_part, number_part)
        ranking, rows = scheduler.eligible_nodes(
            job_class,
            limit=wanted.limit + 1,
            offset=wanted.offset,
            after=wanted.after,
        )
        return page(
            request,
            rows,
            window=wanted,
            key=lambda node: (ranking, node.rank),
            render=lambda shown: [_candidate_json(node, region) for node in shown],
        )


class Assignments(APIView):
    """Drawing changes nothing, so anybody may draw."""

    permission_classes = (AllowAny,)

    @extend_schema(
        tags=["scheduler"], operation_id="scheduler_assign", request=Job, responses={200: AssignmentShape}
    )
    def post(self, request: Request) -> Response:
        """Draw the node for a job; the same job under the same ranking and weights draws the same node."""
        drawn = scheduler.assign(**_job(Job, request))
        return Response(
            {
                "node": checksum(drawn.node),
                "ranking": drawn.ranking,
                "draw": drawn.draw,
                "total_weight": drawn.total,
            }
        )


class Quorums(APIView):
    """Drawing changes nothing, so anybody may draw."""

    permission_classes = (AllowAny,)

    @extend_schema(
        tags=["scheduler"], operation_id="scheduler_quorum", request=QuorumJob, responses={200: QuorumShape}
    )
    def post(self, request: Request) -> Response:
        """Draw a quorum for a job: distinct operators, all of a tier that may sit in it, led by one coordinator."""
        ranking, chosen = scheduler.quorum(**_job(QuorumJob, request))
        members = [checksum(node) for node in chosen.members]
        return Response({"ranking": ranking, "coordinator": members[0], "members": members})


scheduler_nodes = cached(SchedulerNodes.as_view(), names=NAMES, most=CACHED_ANSWERS)


def _job(shape: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    body = shape(data=request.data)
    body.is_valid(raise_exception=True)
    return {"region": None, **body.validated_data}


def _candidate_json(one: Eligible, region: str | None) -> dict[str, Any]:
    return {
        "node": checksum(one.node),
        "tier": one.tier,
        "score_bps": one.score_bps,
        "weight": one.weight(region),
        "region": one.region,
    }
