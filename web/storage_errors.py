"""The errors of a storage: a folder raises OSError, the library of S3-compatible buckets raises its own."""

from __future__ import annotations


def storage_errors() -> tuple[type[Exception], ...]:
    """The exceptions of reading and writing files, for an `except` clause.

    The bucket's library is imported when an error has occurred: it is large, and a folder does without it.
    """
    try:
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError:
        return (OSError,)
    return (OSError, BotoCoreError, ClientError)
