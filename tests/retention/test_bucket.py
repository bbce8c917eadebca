"""The archive in an S3-compatible bucket, which moto plays in this process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from django.test import Client
from moto import mock_aws

from inframind.archive_storage import archive_storage
from retention import files
from retention.kinds import INPUTS
from retention.services import archive_epoch, drop_epoch
from staking.models import EpochInputs
from tests.network import Network

pytestmark = pytest.mark.django_db

BUCKET, FILE = "inframind-archive", "inputs/epoch-00000001.ndjson.gz"


@pytest.fixture
def bucket(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An empty bucket, and the settings of an archive in it."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    settings.STORAGES = {**settings.STORAGES, "archive": archive_storage(f"s3://{BUCKET}/main")}
    with mock_aws():
        yield boto3.resource("s3").create_bucket(Bucket=BUCKET)


@pytest.fixture
def network() -> Network:
    """One settled epoch."""
    network = Network()
    network.work(network.node(own=1_000))
    network.settle()
    return network


def test_an_epoch_is_archived_in_a_bucket_and_published_from_it(bucket, network):
    before = Client().get("/api/v1/epochs/1/inputs").getvalue()
    archive = archive_epoch(INPUTS, 1, now=network.now)
    assert [stored.key for stored in bucket.objects.all()] == [f"main/{FILE}"]
    assert bucket.Object(f"main/{FILE}").get()["Body"].read() == before
    files.verify(archive.name, archive.sha256)
    drop_epoch(INPUTS, 1, now=network.now)
    assert not EpochInputs.objects.exists()
    assert Client().get("/api/v1/epochs/1/inputs").getvalue() == before


def test_a_bucket_that_fails_is_said_in_a_sentence_and_nothing_is_dropped(bucket, network):
    archive = archive_epoch(INPUTS, 1, now=network.now)
    bucket.Object(f"main/{FILE}").put(Body=b"another file")
    with pytest.raises(files.Damaged, match=f"{FILE} has SHA-256 [0-9a-f]{{64}}, not {archive.sha256}"):
        drop_epoch(INPUTS, 1, now=network.now)
    bucket.objects.delete()
    with pytest.raises(files.Damaged, match=f"{FILE} cannot be read: File does not exist"):
        drop_epoch(INPUTS, 1, now=network.now)
    bucket.delete()
    with pytest.raises(files.Damaged, match=r"cannot be written: .*\(NoSuchBucket\)"):
        files.write(FILE, {}, [])
    assert EpochInputs.objects.exists()
