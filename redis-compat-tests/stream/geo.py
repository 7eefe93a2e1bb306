"""Generators for geo sets. Positions are random: equal distances would be ordered by Redis's own sort."""

from .registry import command

UNITS = ["m", "km", "ft", "mi"]
PLACES = ["p%d" % i for i in range(40)]
CENTERS = [(13.36, 38.11), (-122.4, 37.8), (179.9, 10.0), (0.0, 0.0), (25.0, 84.0), (151.2, -33.9)]


def _point(p):
    """Longitude and latitude: mostly near one of few centers, sometimes anywhere or nonsense."""
    if p.chance(0.04):
        return [p.double(), p.double()]
    if p.chance(0.15):
        return [repr(p.random.uniform(-180, 180)), repr(p.random.uniform(-85, 85))]
    longitude, latitude = p.pick(*CENTERS)
    spread = p.pick(0.001, 0.1, 3.0)
    return [repr(longitude + p.random.uniform(-spread, spread)), repr(latitude + p.random.uniform(-spread, spread))]


def _unit(p):
    return p.cased(p.pick(*UNITS)) if p.chance(0.97) else p.pick("cm", "", "kmx")


def _length(p):
    return repr(round(10 ** p.random.uniform(-1, 7), 3)) if p.chance(0.95) else p.pick("0", "-1", "x", "")


def _place(p):
    return p.pick(*PLACES) if p.chance(0.97) else "nowhere"


def _options(p, stored=False):
    options = []
    if not stored or p.chance(0.03):
        options += [[p.cased(word)] for word in p.some(["WITHDIST", "WITHCOORD", "WITHHASH"])]
    if p.chance(0.4):
        options.append([p.cased(p.pick("ASC", "DESC"))])
    if p.chance(0.4):
        options.append(["COUNT", p.pick("1", "2", "5", "100", "0", "-1", "x"), *(["ANY"] if p.chance(0.3) else [])])
    p.random.shuffle(options)
    return sum(options, [])


@command("GEOADD", weight=5)
def _geoadd(p):
    options = p.some(["NX", "XX", "CH"]) if p.chance(0.2) else []
    return [["GEOADD", p.key("geo"), *options, *sum([[*_point(p), _place(p)] for _ in range(p.random.randint(1, 5))], [])]]


@command("GEODIST", weight=1.5)
def _geodist(p):
    return [["GEODIST", p.key("geo"), _place(p), _place(p), *([_unit(p)] if p.chance(0.7) else [])]]


@command("GEOHASH", "GEOPOS")
def _members(p, name):
    return [[name, p.key("geo"), *[_place(p) for _ in range(p.random.randint(0, 4))]]]


def _search(p):
    center = ["FROMMEMBER", _place(p)] if p.chance(0.5) else ["FROMLONLAT", *_point(p)]
    shape = ["BYRADIUS", _length(p), _unit(p)] if p.chance(0.5) else ["BYBOX", _length(p), _length(p), _unit(p)]
    parts = [center, shape]
    p.random.shuffle(parts)
    return parts[0] + parts[1]


@command("GEOSEARCH", weight=5)
def _geosearch(p):
    return [["GEOSEARCH", p.key("geo"), *_search(p), *_options(p)]]


@command("GEOSEARCHSTORE", weight=1.5)
def _geosearchstore(p):
    distance = ["STOREDIST"] if p.chance(0.3) else []
    return [["GEOSEARCHSTORE", p.pick("geo:dst", p.key("geo")), p.key("geo"), *_search(p), *_options(p, True), *distance]]


def _store(p):
    """Nothing as a rule, or STORE, sometimes several of which the last one counts."""
    if not p.chance(0.3):
        return []
    times = 1 if p.chance(0.7) else p.pick(2, 3)
    return [word for _ in range(times) for word in (p.pick("STORE", "STOREDIST"), p.pick("geo:dst", p.key("geo")))]


@command("GEORADIUS", "GEORADIUS_RO", weight=1.5)
def _georadius(p, name):
    store = _store(p)
    options = _options(p, bool(store))
    return [[name, p.key("geo"), *_point(p), _length(p), _unit(p), *options, *store]]


@command("GEORADIUSBYMEMBER", "GEORADIUSBYMEMBER_RO", weight=1.5)
def _georadiusbymember(p, name):
    store = _store(p)
    options = _options(p, bool(store))
    return [[name, p.key("geo"), _place(p), _length(p), _unit(p), *options, *store]]
