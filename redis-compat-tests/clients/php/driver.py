"""phpredis: Debian's php-redis with php-cli; its release speaks RESP2 only."""

import pathlib

from ..program import Program
from ..toolbox import Unavailable, run_tool, tool

HERE = pathlib.Path(__file__).resolve().parent


def phpredis():
    """The extension must be loadable."""
    php = tool("php")
    run_tool([php, "-r", "exit(class_exists('Redis') ? 0 : 1);"], lambda why: Unavailable("no package php-redis"))
    return Program([php, HERE / "phpredis.php"], resps=(2,))


CLIENTS = {"php-phpredis": phpredis}
