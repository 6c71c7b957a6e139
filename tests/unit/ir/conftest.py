"""Documents written in the test that reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest
import yaml

from headgate.document import load_document
from headgate.ir.build import build_api

if TYPE_CHECKING:
    from pathlib import Path

    from headgate.ir.api import Api


class ReadApi(Protocol):
    """Reads the parts of a document that matter to a test."""

    def __call__(
        self,
        schemas: str = "{}",
        *,
        paths: str = "{}",
        openapi: str = "3.1.0",
        extra: str = "",
        settings: str = "",
    ) -> Api:
        """Build the IR of a document with these parts."""
        ...


@pytest.fixture
def read_api(tmp_path: Path) -> ReadApi:
    """Give a reader of small documents."""

    def read(
        schemas: str = "{}",
        *,
        paths: str = "{}",
        openapi: str = "3.1.0",
        extra: str = "",
        settings: str = "",
    ) -> Api:
        document = {
            "openapi": openapi,
            "info": {"title": "Test", "version": "1"},
            "paths": yaml.safe_load(paths),
            "components": {"schemas": yaml.safe_load(schemas)},
            **(yaml.safe_load(extra) or {}),
        }
        path = tmp_path / "openapi.yaml"
        path.write_text(yaml.safe_dump(document, sort_keys=False))
        (tmp_path / "headgate.toml").write_text(settings)
        api, _ = build_api(load_document(path))
        return api

    return read
