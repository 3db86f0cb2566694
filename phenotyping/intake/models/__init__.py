"""The ledger of uploads, the registry of sealed chunks, what is due for whom, and uploads in pieces."""

from phenotyping.intake.models.chunk import Chunk
from phenotyping.intake.models.partial import PartialUpload, Piece
from phenotyping.intake.models.shelf import Shelf
from phenotyping.intake.models.upload import Upload, UploadPart

__all__ = ["Chunk", "PartialUpload", "Piece", "Shelf", "Upload", "UploadPart"]
