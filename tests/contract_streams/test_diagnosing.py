"""A mistake in a stream's file is shown in that file."""

from __future__ import annotations

from pathlib import Path

from headgate.contract.diagnosing import diagnose_streams
from headgate.document import load_document

ROOT = """
openapi: 3.1.0
info: {title: Jobs, version: '1'}
paths: {}
x-streams:
  job:
    $ref: job.yaml
"""
STREAM = """states:
  before:
    started: {to: running}
  running:
    finished:
      to: end
      require: {J1: done >}
ends:
  end: complete
  gone: failed
"""


def test_positions_lead_into_the_stream_file(tmp_path: Path) -> None:
    """File, line and column are those of the part that is wrong."""
    (tmp_path / "openapi.yaml").write_text(ROOT)
    (tmp_path / "job.yaml").write_text(STREAM)
    document = load_document(tmp_path / "openapi.yaml")

    actual = [
        (d.code, Path(d.location.file).name, d.location.line, d.location.column)
        for d in diagnose_streams(document)
    ]

    assert actual == [
        ("stream-expression", "job.yaml", 7, 21),
        ("stream-unreachable", "job.yaml", 10, 9),
    ]
