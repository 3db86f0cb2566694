"""What becomes of uploads, chunks and their objects when a person leaves."""

from __future__ import annotations

from datetime import datetime

from phenotyping.intake import chunks, orphans
from phenotyping.intake.chunks import StorageUnavailable
from phenotyping.intake.models import Chunk, PartialUpload, Shelf, Upload, UploadPart
from phenotyping.streams.catalogue import STREAMS
from wellness.studies.models import Enrollment

INTIMATE = tuple(name for name, stream in STREAMS.items() if stream.sensitivity == "intimate")
AT_ONCE = 2_000  # objects; between these the job looks at the time it has


def cancel(enrollment: Enrollment, now: datetime) -> None:
    """Nothing is gathered any more, and what came in pieces is not waited for."""
    PartialUpload.objects.filter(device__enrollment=enrollment).delete()
    Shelf.objects.filter(enrollment=enrollment).update(fragments_at=None)


def objects(person: Enrollment, now: datetime) -> bool:
    """Delete what the storage holds of a person, whatever the registry says of it; False while there is more.

    Replaced chunks, those in quarantine, and what a crash left behind lie in the same folder.
    """
    for n, name in enumerate(orphans.names_of(person.public_id)):
        if n == AT_ONCE:
            return False
        if not chunks.remove(name):
            raise StorageUnavailable
    orphans.remove_folders(person.public_id)
    return True


def drop_intimate(person: Enrollment, now: datetime) -> None:
    """Samples that tell who somebody is (places above all) go; what was computed from them stays."""
    for name in orphans.names_of(person.public_id, streams=INTIMATE):
        if not chunks.remove(name):
            raise StorageUnavailable
    Chunk.objects.filter(enrollment=person, stream__in=INTIMATE).delete()
    UploadPart.objects.filter(upload__enrollment=person, stream__in=INTIMATE).delete()


def coarsen(person: Enrollment, now: datetime) -> None:
    """Where and on which boot an upload was made is forgotten."""
    Upload.objects.filter(enrollment=person).update(zone="", boot_id="")


def n_objects(person: Enrollment) -> int:
    """How many objects the storage holds of a person."""
    return sum(1 for _ in orphans.names_of(person.public_id))
