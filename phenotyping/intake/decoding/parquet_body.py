"""Parquet files; read only inside the cell, for a page may claim any size."""

import pyarrow as pa
from pyarrow import parquet

from phenotyping.intake.decoding import typed
from phenotyping.intake.faults import fault, too_many_rows


def decode(raw: bytes, stream: str, max_rows: int, max_text: int) -> pa.Table:
    """The table of a file; Refusal, or whatever Arrow raises, when it is not one."""
    file = parquet.ParquetFile(pa.BufferReader(raw))
    typed.require(file.schema_arrow, stream)
    if file.metadata.num_rows > max_rows:
        raise too_many_rows(max_rows)
    groups = range(file.num_row_groups)
    if sum(file.metadata.row_group(i).total_byte_size for i in groups) > max_text:
        raise fault("too_large", "The file holds too many bytes.", status=413)
    table = file.read(use_threads=False)
    table.validate(full=True)
    if table.num_rows != file.metadata.num_rows:
        raise fault("bad_parquet", "The file does not hold the rows it counts.", stream=stream, status=400)
    return typed.wire(table, stream, max_text)
