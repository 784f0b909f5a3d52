"""Names of pods and hosts, good and bad, and what each must come to.

The oracle shares no code with the project: the rule is Kubernetes' own (RFC 1123 labels, RFC 1035 lengths) and that of
the README.
"""

import os
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass

from hypothesis import strategies as st

LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
HOST = re.compile(rf"{LABEL}", re.ASCII)
POD = re.compile(rf"(?P<set>{LABEL})-(?P<ordinal>0|[1-9][0-9]{{0,9}})", re.ASCII)
DOMAIN = re.compile(rf"{LABEL}(?:\.{LABEL})*", re.ASCII)
INT32_MAX = 2147483647
SERVICE = "zk-svc.default.svc.cluster.local"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A pod's name and what else says who it is; text as `os.fsdecode` makes it of bytes."""

    environ: Mapping[str, str]
    host: str = "node-7.example.org"
    host_domain: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The one right answer to a place."""

    identifier: int
    names: tuple[str, ...]
    """The DNS names of all servers, in order; for a broker its own."""


def is_domain(text: str) -> bool:
    """Return whether *text* is a DNS name."""
    return len(text) <= 253 and DOMAIN.fullmatch(text) is not None


def is_value(text: str) -> bool:
    """Return whether *text* may be the value of a variable."""
    return not re.search("[\n\r\0\ud800-\udfff]", text)


def _pod(place: Place, domain_variable: str, *, needs_ordinal: bool = True) -> tuple[str, int, str | None] | None:
    """Return the name without the ordinal, the ordinal and the domain; None where the place must be refused.

    Where no ordinal is needed, any host will do: its name, which ends in no dash, has the ordinal 0.
    """
    given = [name for name in ("POD_NAME", "HOSTNAME") if place.environ.get(name)]
    name = place.environ[given[0]] if given else place.host
    if given and not is_value(name):
        return None
    label, _, rest = name.partition(".")
    found = POD.fullmatch(label)
    is_pod = found is not None and len(label) <= 63 and int(found["ordinal"]) < INT32_MAX
    if not is_pod and (needs_ordinal or len(label) > 63 or not HOST.fullmatch(label)):
        return None
    domain: str | None = place.environ.get(domain_variable) or rest
    if not domain and place.host.partition(".")[0] == label:
        domain = place.host_domain
    if domain and not (is_value(domain) and is_domain(f"{label}.{domain.removesuffix('.')}")):
        return None
    known_domain = domain.removesuffix(".") if domain else None
    if found is None or not is_pod:
        return label, 0, known_domain
    return f"{found['set']}-", int(found["ordinal"]), known_domain


def server_of(place: Place) -> Answer | None:
    """Return the ZooKeeper server that *place* is, with all servers; None where it must be refused."""
    replicas, start, offset = (
        int(place.environ.get(variable, default))
        for variable, default in (("ZK_REPLICAS", "3"), ("ZK_ORDINAL_START", "0"), ("ZK_ID_OFFSET", "1"))
    )
    pod = _pod(place, "ZK_DOMAIN", needs_ordinal=(replicas, start) != (1, 0))
    if pod is None:
        return None
    name, ordinal, domain = pod
    ordinals = range(start, start + replicas)
    if ordinal not in ordinals or start + offset < 1 or start + offset + replicas - 1 > 255:
        return None
    if replicas > 1 and domain is None:
        return None
    hosts = (f"{name}{peer}" if name.endswith("-") else name for peer in ordinals)
    names = tuple(f"{host}.{domain}" if domain else host for host in hosts)
    return Answer(ordinal + offset, names) if all(map(is_domain, names)) else None


def broker_of(place: Place) -> Answer | None:
    """Return the broker that *place* is; None where it must be refused."""
    pod = _pod(place, "KF_DOMAIN")
    if pod is None:
        return None
    name, ordinal, domain = pod
    start, offset = (
        int(place.environ.get(variable, default))
        for variable, default in (("KF_ORDINAL_START", "0"), ("KF_ID_OFFSET", "1"))
    )
    replicas = place.environ.get("KF_REPLICAS")
    if replicas and (ordinal not in range(start, start + int(replicas)) or (int(replicas) > 1 and domain is None)):
        return None
    if ordinal + offset > INT32_MAX:
        return None
    return Answer(ordinal + offset, (f"{name}{ordinal}.{domain}" if domain else f"{name}{ordinal}",))


_LETTERS = "abzAZ09-_. \n\t\0\\$`'\"/\u00e9\u0663\uff13\u00b2\u2010\u2028\u212a\ud83d\udcff"
_SEPARATORS = ("", "--", "_", "\u2010", "\u2212", "- ", "-\n", "-+", "-0", "-0x", "\\-", "-$", "-\u200b")
_DOMAINS = (
    SERVICE,
    f"{SERVICE}.",
    "zk-svc.default",
    "d",
    "127.0.0.1",
    "a..b",
    ".",
    "-a",
    "a-",
    "a_b",
    "b\n",
    " ",
    "\u00e9.fr",
)
_LONG = (
    f"{'a' * 63}.b",
    f"{'a' * 64}.b",
    ".".join(["a" * 60] * 4),
    ".".join(["a" * 60] * 4) + ".abcd",
    "a." * 125 + "a",
)

_SETS = st.one_of(
    st.sampled_from(["zk", "kafka", "my-zk", "a", "Z-1", "0", "a" * 61, "a" * 60, "xn--zk"]),
    st.sampled_from(["zk"]),
    st.text("abzAZ09-", max_size=66),
)
_ORDINALS = st.one_of(
    st.integers(0, 4).map(str),
    st.integers(0, 300).map(str),
    st.sampled_from(
        ["00", "01", "08", "010", "1_0", "1e3", "0x1", "\u0663", "\u00b2", "\uff13", "", "-1", "1 ", "1\n"]
    ),
    st.sampled_from(["254", "255", "256", str(2**31 - 2), str(2**31 - 1), str(2**31), str(2**32), "9" * 5000]),
    st.integers(0, 2**40).map(str),
)
_TAILS = st.one_of(
    st.just(""),
    st.sampled_from(_DOMAINS).map(lambda domain: f".{domain}"),
    st.sampled_from(_LONG).map(lambda domain: f".{domain}"),
    st.text(_LETTERS, max_size=4),
)
_NAMES = st.one_of(
    st.builds("zk-{}".format, st.integers(0, 5)),
    st.builds(lambda *parts: "".join(parts), _SETS, st.just("-"), _ORDINALS, _TAILS),
    st.builds(lambda *parts: "".join(parts), st.just("zk"), st.just("-"), st.integers(0, 5).map(str), _TAILS),
    st.builds(lambda *parts: "".join(parts), _SETS, st.sampled_from(_SEPARATORS), _ORDINALS, _TAILS),
    st.text(_LETTERS, max_size=70),
    st.binary(max_size=64).map(os.fsdecode),
)
_REPLICAS = st.sampled_from([1, 2, 3, 3, 3, 5, 5, 255]).map(str)
_STARTS = st.sampled_from([0, 0, 1, 5, 200, INT32_MAX]).map(str)
_OFFSETS = st.sampled_from([0, 1, 1, 100, 255]).map(str)


@st.composite
def places(draw: st.DrawFn) -> Place:
    """Return where a generated name is said, beside other names and numbers."""
    environ: dict[str, str] = {}
    host, host_domain = "node-7.example.org", draw(st.sampled_from(["", "example.org", SERVICE, "a..b"]))
    name = draw(_NAMES)
    match draw(st.sampled_from(["POD_NAME", "HOSTNAME", "host", "all"])):
        case "host":
            host = name
        case "all":
            environ |= {"POD_NAME": name, "HOSTNAME": draw(_NAMES)}
            host = draw(_NAMES)
        case variable:
            environ[variable] = name
            host = draw(st.sampled_from([host, name]))
    # Equal, so that one place serves both tools.
    numbers = {"REPLICAS": _REPLICAS, "ORDINAL_START": _STARTS, "ID_OFFSET": _OFFSETS}
    for what, values in numbers.items():
        if draw(st.integers(0, 5)) == 0:
            value = draw(values)
            environ |= {f"ZK_{what}": value, f"KF_{what}": value}
    if draw(st.booleans()):
        domain = draw(st.one_of(st.just(SERVICE), st.sampled_from(_DOMAINS), st.sampled_from(_LONG)))
        environ |= {"ZK_DOMAIN": domain, "KF_DOMAIN": domain}
    return Place(environ=environ, host=host, host_domain=host_domain)


NAMED: Mapping[str, int | None] = {
    **{f"zk-{ordinal}": ordinal for ordinal in (*range(12), 99, 100, 253, 254)},
    **{f"my-zk-{ordinal}": ordinal for ordinal in range(4)},
    **{f"zk-1-{ordinal}": ordinal for ordinal in range(4)},
    **{f"ZK-{ordinal}.zk-svc.default": ordinal for ordinal in range(4)},
    **{f"{'z' * 59}-{ordinal}": ordinal for ordinal in range(4)},
    **dict.fromkeys(("zk", "zk-", "-0", "-", "--", ".", ".zk-0", "zk0", "zk.0", "zk_0", "zk-a", "zk-0a", "zk- 0")),
    **dict.fromkeys(("zk-0 ", " zk-0", "zk-0\n", "zk-0\r\n", "zk-0\t", "zk-\n0", "zk\n-0", "zk-0\v", "zk-0\x1f")),
    **dict.fromkeys(("zk-01", "zk-08", "zk-010", "zk-00", "zk-000", "zk-0_0", "zk-1_0", "zk-+1", "zk-0x1", "zk-1e0")),
    **dict.fromkeys(("zk--1", "zk--0", "-zk-0", "z_k-0", "z k-0", "zk/-0", "../zk-0", "zk\\-0", "zk$-0", "`zk`-0")),
    **dict.fromkeys(("zk-\u0663", "zk-\u00b2", "zk-\uff13", "zk-\u0967", "zk-\u2460", "zk-1\u0663", "z\u212a-0")),
    **dict.fromkeys(("zk\u2010" + "0", "zk\u2212" + "0", "zk-\u200b0", "zk-0\u2028", "\ufeffzk-0", "zk\u00e9-0")),
    **dict.fromkeys(("zk-255", "zk-256", "zk-2147483646", "zk-2147483647", "zk-4294967296", "zk-" + "9" * 5000)),
    **dict.fromkeys((f"{'z' * 62}-0", f"{'z' * 63}-0", f"{'z' * 64}", "zk-\udcff", "z\udc80k-0", "\ud800-0")),
}
"""Names whose ordinal is known without any rule, None for none, among 255 pods: the oracle is held to them, too."""


def raw_name(chance: random.Random) -> bytes:
    """Return a host name as bytes: at most the 64 that Linux keeps."""
    name = b"%s-%d" % (
        chance.choice([b"zk", b"zk", b"kafka", b"my-zk", b"0", b"a" * 61]),
        chance.choice([*range(5), 254, 255]),
    )
    match chance.randrange(6):
        case 0:
            name = chance.randbytes(chance.randrange(65))
        case 1:
            at = chance.randrange(len(name) + 1)
            name = name[:at] + chance.randbytes(1) + name[at:]
        case 2:
            name += chance.choice(
                [b".zk-svc.default", b".d", b".", b"..", b".\xff", b".-", b"\0tail", b"\n", b".d\n", b" "]
            )
        case 3:
            name = chance.choice(
                [b"zk-0%d", b"zk--%d", b"zk-%d\xd9\xa3", b"zk_%d", b"-%d", b"%dzk-"]
            ) % chance.randrange(9)
    return name[:64]
