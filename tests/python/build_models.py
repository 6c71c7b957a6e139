"""Imports every module of a generated package and builds every model in it.

`build_models.py SOURCE PACKAGE`: prints how many models there are; a warning or an
error of any of them ends it.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys
import warnings


def main() -> None:
    source, package = sys.argv[1:]
    sys.path.insert(0, source)
    warnings.simplefilter("error")
    root = importlib.import_module(package)
    for name in root.__all__:
        getattr(root, name)
    found = pkgutil.walk_packages(root.__path__, f"{package}.")
    modules = [importlib.import_module(each.name) for each in found]
    base = importlib.import_module(f"{package}._runtime.models").ApiModel
    models = {
        value
        for module in modules
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, base)
    }
    for model in models:
        model.model_rebuild(force=True)
    sys.stdout.write(str(len(models)))


if __name__ == "__main__":
    main()
