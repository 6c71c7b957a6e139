"""Type checkers see what the SDK gives, and what it does not take."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parents[1] / "generated" / "python" / "src"
USAGE = HERE / "typed_usage.py"
WRONG = {
    "unknown_argument": "client.messages.create(model='m', messages=[], colour=1)",
    "missing_argument": "client.messages.create(model='m')",
    "wrong_type": "client.messages.create(model=1, messages=[])",
    "wrong_tag": "client.messages.create(model='m', messages=[{'role': 'ai'}])",
    "wrong_option": "client.models.list(options={'timeout': 5})",
    "no_such_method": "client.messages.destroy()",
    "positional": "client.messages.create('m', [])",
}


def mypy(file: Path, cache: Path) -> tuple[int, str]:
    """Check a file in strict mode, with the package as a user has it."""
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", os.devnull]
    done = subprocess.run(
        [*command, "--cache-dir", cache, file],
        env={**os.environ, "MYPYPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_mypy_sees_the_types() -> None:
    """Every `assert_type` of the usage holds under mypy."""
    code, said = mypy(USAGE, Path(os.devnull))

    assert (code, said[:7]) == (0, "Success"), said


def test_pyright_sees_the_types(tmp_path: Path) -> None:
    """Every `assert_type` of the usage holds under pyright."""
    settings = {
        "typeCheckingMode": "strict",
        "include": [str(USAGE)],
        "extraPaths": [str(SOURCE)],
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings), "utf-8")
    done = subprocess.run(
        [
            *[sys.executable, "-m", "pyright", "--project", tmp_path],
            *["--pythonpath", sys.executable],
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, "0 errors, 0 warnings" in done.stdout) == (0, True), (
        done.stdout
    )


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mypy")


@pytest.mark.parametrize("name", WRONG)
def test_mypy_refuses_what_is_wrong(name: str, tmp_path: Path, cache: Path) -> None:
    """A wrong call is found before it is made."""
    file = tmp_path / f"{name}.py"
    file.write_text(
        "from headgate_sdk import Headgate\n\nclient = Headgate()\n" + WRONG[name],
        "utf-8",
    )
    code, said = mypy(file, cache)

    assert code == 1
    assert f"{name}.py:4: error:" in said
