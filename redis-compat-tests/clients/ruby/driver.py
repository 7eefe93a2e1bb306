"""redis-rb: Debian's ruby-redis; its release speaks RESP2 only."""

import pathlib

from ..program import Program
from ..toolbox import Unavailable, run_tool, tool

HERE = pathlib.Path(__file__).resolve().parent


def from_debian():
    """The gem must be loadable by the system's interpreter."""
    ruby = tool("/usr/bin/ruby", "ruby")
    run_tool([ruby, "-e", "require 'redis'"], lambda why: Unavailable("no package ruby-redis"))
    return Program([ruby, HERE / "redis_rb.rb"], resps=(2,))


CLIENTS = {"ruby-debian": from_debian}
