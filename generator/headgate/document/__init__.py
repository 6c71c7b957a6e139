"""Reads an OpenAPI document of any number of files, knowing where each part stands."""

from headgate.document.config import Config
from headgate.document.document import Document, load_document
from headgate.document.export import bundle
from headgate.document.json_values import Json, JsonObject

__all__ = ["Config", "Document", "Json", "JsonObject", "bundle", "load_document"]
