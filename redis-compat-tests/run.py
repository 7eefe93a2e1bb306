#!/usr/bin/env python3
"""Runs the compatibility suites: a real redis-server (the oracle) beside the server under test (the target).

    redis-compat-tests/run.py                                   every suite against build/dev/usher-server
    redis-compat-tests/run.py --suite random --commands 200000 --seed 7
    redis-compat-tests/run.py --list                            suites, cases, normalisers

Exit code 0 when nothing failed. The last line counts passed, failed and skipped checks. Without a redis-server
everything that compares is skipped, with the reason.
"""

import importlib.util
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent


def load_package():
    """Imports this folder as the package usher_compat: its `queue` folder must not hide Python's own queue module."""
    sys.path[:] = [path for path in sys.path if pathlib.Path(path or ".").resolve() != HERE]
    spec = importlib.util.spec_from_file_location(
        "usher_compat", HERE / "__init__.py", submodule_search_locations=[str(HERE)]
    )
    package = importlib.util.module_from_spec(spec)
    sys.modules["usher_compat"] = package
    spec.loader.exec_module(package)


if __name__ == "__main__":
    load_package()
    from usher_compat.harness.main import main

    sys.exit(main(sys.argv[1:]))
