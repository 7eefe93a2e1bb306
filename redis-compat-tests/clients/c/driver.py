"""hiredis: Debian's libhiredis-dev with the system's C compiler; its release speaks RESP2 only."""

import pathlib

from ..program import Program
from ..toolbox import Broken, Unavailable, cache_folder, run_tool, tool

SOURCE = pathlib.Path(__file__).resolve().parent / "hiredis_checks.c"


def hiredis():
    """Compiled anew each time: it takes a moment, and the library may have changed."""
    compiler, package = tool("cc", "gcc"), tool("pkg-config", "pkgconf")
    flags = [package, "--cflags", "--libs", "hiredis", "libuv"]
    flags = run_tool(flags, lambda why: Unavailable("no package libhiredis-dev")).split()
    program = cache_folder("c") / "hiredis_checks"
    run_tool([compiler, "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O1", SOURCE, *flags, "-o", program], Broken)
    return Program([program], resps=(2,))


CLIENTS = {"c-hiredis": hiredis}
