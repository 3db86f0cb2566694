"""Arrow IPC streams; read only inside the cell, for a body may claim any size."""

import pyarrow as pa
from pyarrow import ipc

from phenotyping.intake.decoding import typed
from phenotyping.intake.faults import fault, too_many_rows

END = b"\xff\xff\xff\xff\0\0\0\0"


def decode(raw: bytes, stream: str, max_rows: int, max_text: int) -> pa.Table:
    """The table of one whole stream; Refusal, or whatever Arrow raises, when it is not one."""
    source = pa.BufferReader(raw)
    reader = ipc.open_stream(source)
    typed.require(reader.schema, stream)
    batches, n_rows = [], 0
    for batch in reader:
        n_rows += batch.num_rows
        if n_rows > max_rows:
            raise too_many_rows(max_rows)
        batch.validate(full=True)
        batches.append(batch)
    # A stream cut between two batches reads like a whole one, but for its end.
    if source.tell() != len(raw) or not raw.endswith(END):
        raise fault("bad_arrow", "The stream is cut, or more than one.", stream=stream, status=400)
    return typed.wire(pa.Table.from_batches(batches, reader.schema), stream, max_text)
