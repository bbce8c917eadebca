"""Storage of archives: Django's storage for a folder or for an S3-compatible bucket."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from django.core.files.storage import FileSystemStorage


class DurableFolder(FileSystemStorage):
    """A folder whose files are on the disk before they count as saved: the rows are dropped afterwards."""

    def save(self, name: str | None, content: IO[Any], max_length: int | None = None) -> str:
        saved = super().save(name, content, max_length)
        path = Path(self.path(saved))
        _flush(path)
        _flush(path.parent)
        return saved


def archive_storage(place: str) -> dict[str, Any]:
    """The entry of `STORAGES` for a folder or for `s3://bucket/prefix`."""
    if not place.startswith("s3://"):
        options: dict[str, Any] = {"location": place, "file_permissions_mode": 0o640}
        return {"BACKEND": "inframind.archive_storage.DurableFolder", "OPTIONS": options}
    parts = urlsplit(place)
    options = {
        "bucket_name": parts.netloc,
        "location": parts.path.strip("/"),
        "default_acl": None,
        "file_overwrite": True,
    }
    return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
