"""The exporter: an image encoder from torch to a model folder, checked against its source."""

from lookalike_tools.export.exporter import export_model
from lookalike_tools.export.source import ExportError

__all__ = ["ExportError", "export_model"]
