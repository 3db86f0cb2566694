"""Objects in a bucket of an S3-compatible server: each one is written by one request, so whole or absent."""

from __future__ import annotations

import errno
from datetime import datetime
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError
from django.core.files.base import ContentFile, File
from storages.backends.s3 import S3Storage
from storages.utils import clean_name

# Checksums of its own are an extension that S3-compatible servers may not know; chunks have theirs.
PATIENCE = Config(
    connect_timeout=5,
    read_timeout=30,
    retries={"mode": "standard", "total_max_attempts": 3},
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)


class S3(S3Storage):  # type: ignore[misc]  # django-storages has no types
    """A bucket by name, or what of one is under `location`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.client_config: Config = self.client_config.merge(PATIENCE)

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """The name as it is: the server made it, and makes it once."""
        return name

    def get_modified_time(self, name: str) -> datetime:
        """When the object was written; FileNotFoundError when there is none."""
        try:
            at: datetime = super().get_modified_time(name)
        except ClientError as error:
            raise (_missing(name) if _status(error) == 404 else error) from None
        return at

    def _save(self, name: str, content: File[bytes]) -> str:
        """Written by one request; OSError with ENOSPC when the server says that it is full."""
        how = self.get_object_parameters(name)
        try:
            self._client.put_object(**how, **self._place(name), Body=content.read())
        except ClientError as error:
            if _status(error) == 507:
                raise OSError(errno.ENOSPC, "the object store is full") from error
            raise
        return name

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        """The whole object, read by one request; FileNotFoundError when there is none."""
        if mode != "rb":
            raise ValueError("objects are written by save()")
        try:
            answer = self._client.get_object(**self._place(name))
        except self._client.exceptions.NoSuchKey:
            raise _missing(name) from None
        return ContentFile(answer["Body"].read(), name)

    @property
    def _client(self) -> Any:
        return self.connection.meta.client

    def _place(self, name: str) -> dict[str, str]:
        return {"Bucket": self.bucket_name, "Key": self._normalize_name(clean_name(name))}


def _missing(name: str) -> FileNotFoundError:
    return FileNotFoundError(errno.ENOENT, "no such object", name)


def _status(error: ClientError) -> int:
    status: int = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return status
