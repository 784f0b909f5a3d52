"""Every kind of mistake for every variable of both tools, made from their own lists: a new variable is among them."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import kafkaboot.config.settings as kafka
import zkboot.settings as zookeeper
from kafkaboot.config.variables import Chroot, FormatOptions, Label, Words
from kafkaboot.values.cluster_id import ClusterId
from tests.commands import ROOT
from zkboot import variables
from zkboot.pod import variables as kinds
from zkboot.pod.address import Host, Port
from zkboot.pod.heap import HeapSize
from zkboot.pod.loggers import Loggers

ZOOKEEPER = "zookeeper"
KAFKA = "kafka"

BASE_FILE = ROOT / "tests" / "data" / "kafka" / "base" / "server-3.9.properties"

SOUND: Mapping[str, Mapping[str, str]] = {
    ZOOKEEPER: {"POD_NAME": "zk-0", "ZK_DOMAIN": "zk-svc.default.svc.cluster.local"},
    KAFKA: {
        "POD_NAME": "kafka-0",
        "KF_DOMAIN": "kafka-svc.default.svc.cluster.local",
        "KF_VERSION": "3.9.2",
        "KF_BASE_FILE": str(BASE_FILE),
    },
}
"""What the mistake is added to: with nothing else, an environment that is right."""

VARIABLES: Mapping[str, tuple[kinds.Variable[object], ...]] = {
    ZOOKEEPER: zookeeper.VARIABLES,
    KAFKA: kafka.VARIABLES,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One bad value of one variable."""

    tool: str
    variable: str
    kind: str
    """What is wrong, for the case's name."""
    environ: Mapping[str, str]
    """The whole environment; text as `os.fsdecode` makes it of bytes."""

    @property
    def is_probes_own(self) -> bool:
        """Whether only the probes and `serve` read the variable."""
        return (
            self.variable.endswith(("_PROBE_HOST", "_PROBE_PORT", "_HTTP_PORT")) or self.variable == "ZK_PROBE_TIMEOUT"
        )

    def __str__(self) -> str:
        return f"{self.variable}: {self.kind}"


_NUMBERS = {
    "letters": "many",
    "a fraction": "1.5",
    "a sign": "+1",
    "below zero": "-1",
    "hexadecimal": "0x10",
    "an underscore": "1_0",
    "an exponent": "1e3",
    "two numbers": "1 2",
    "a unit": "10s",
    "digits of another script": "\u0663",
    "a superscript": "\u00b2",
    "wide digits": "\uff11",
    "a line separator behind": "1\u2028",
    "a vertical tab behind": "1\v",
    "beyond every int": "9" * 400,
    "two to the 32nd": str(2**32),
    "a shell's": "$((1))",
}
_SECONDS = {
    **{kind: value for kind, value in _NUMBERS.items() if kind != "a fraction"},
    "infinite": "inf",
    "no number": "nan",
    "two dots": "1.2.3",
    "a dot": ".",
    "a comma": "1,5",
}
_PATHS = {
    "relative": "var/lib/x",
    "here": "./x",
    "home": "~/x",
    "longer than any": "/a" * 2048,
    "the root": "/",
    "the root, twice": "//",
    "another system's": "C:\\x",
    "a blank in front": " /x",
    "a blank behind": "/x ",
    "a tab behind": "/x\t",
    "a vertical tab behind": "/x\v",
    "a separator behind": "/x\x1f",
}
_LABELS = {
    "an underscore": "a_b",
    "a dot": "a.b",
    "a dash in front": "-a",
    "a dash behind": "a-",
    "a blank": "a b",
    "64 letters": "a" * 64,
    "another script": "\u00e9",
    "the Kelvin sign": "\u212a",
    "a slash": "a/b",
    "a shell's": "$(a)",
}
_NAMES = {
    "no ordinal": "zk",
    "an empty ordinal": "zk-",
    "no StatefulSet": "-0",
    "a leading zero": "zk-01",
    "below zero": "zk--1",
    "digits of another script": "zk-\u0663",
    "too large": "zk-4294967296",
    "too long": f"{'z' * 64}-0",
}
_DOMAINS = {
    "an empty label": "a..b",
    "a dot": ".",
    "an underscore": "a_b.c",
    "a dash in front": "-a.b",
    "a blank": "a b",
    "another script": "\u00e9.fr",
    "a label of 64 letters": f"{'a' * 64}.b",
    "254 letters": "a." * 127,
    "a port": "a.b:2181",
    "a scheme": "http://a.b",
}
_BY_NAME: Mapping[str, Mapping[str, str]] = {
    "POD_NAME": _NAMES,
    "HOSTNAME": _NAMES,
    "ZK_DOMAIN": _DOMAINS,
    "KF_DOMAIN": _DOMAINS,
    "POD_NAMESPACE": _LABELS,
    "ZK_SUPER_PASSWORD": {},
    "KF_SASL_USER": {"a user of no folder": "broker"},
    "KF_VERSION": {
        "one number": "3",
        "letters": "three.nine",
        "a vendor's": "3.9.0.redhat-1",
        "too old": "0.8.1",
        "digits of another script": "\u0663.\u0669",
        "a blank": "3.9.2 ",
    },
}
_BY_KIND: Mapping[type, Mapping[str, str]] = {
    kinds.Number: _NUMBERS,
    Port: {**_NUMBERS, "zero": "0", "the one behind the last": "65536", "an address": "127.0.0.1:2181"},
    kinds.Seconds: _SECONDS,
    kinds.Boolean: {"yes": "yes", "one": "1", "a slip": "tru", "a blank behind": "true ", "both": "true,false"},
    kinds.Choice: {"no word of the list": "nonsense", "a blank": "x y", "a list": "a,b"},
    kinds.Path: _PATHS,
    Loggers: {"a level alone": "DEBUG", "no such level": "a=LOUD", "a blank": "a b=INFO", "twice": "a=INFO,a=WARN"},
    Host: {
        "a blank": "a b",
        "a slash": "a/b",
        "another script": "\u00e9",
        "a list": "a,b",
        "a scheme": "http://a",
    },
    Label: _LABELS,
    FormatOptions: {"an open quote": "'", "our own": "--cluster-id x", "our own, with its value": "--config=/x"},
    Words: {"an open quote": "'format", "blanks": "  ", "an escape of nothing": "a\\"},
    Chroot: {
        "relative": "kafka",
        "an empty node": "/a//b",
        "a slash behind": "/a/",
        "upwards": "/a/../b",
        "here": "/.",
        "a blank": "/a b",
        "a comma": "/a,b",
        "a line separator": "/a\u2028b",
    },
    ClusterId: {"a blank": "a b", "a tab": "a\tb", "a line separator": "a\u2028b", "an escape": "a\x1bb"},
    HeapSize: {
        "no unit": "2",
        "zero": "0G",
        "too small for a JVM": "1m",
        "more than any machine has": "16385G",
        "an unknown unit": "2T",
        "a unit of two letters": "2GB",
        "a fraction": "1.5G",
        "a blank": "2 G",
        "below zero": "-2G",
        "no digits": "G",
        "digits of another script": "\u0662G",
        "a share of nothing": "0%",
        "more than all": "101%",
        "no limit to share": "75%",
        "another option": "2G -XX:OnError=x",
    },
    variables.User: {
        "a blank": "a b",
        "a colon": "a:b",
        "another script": "\u00e9",
        "a shell's": "$USER",
        "a path": "a/b",
    },
    variables.Servers: {
        "no list": "zk-0",
        "commas": ",,",
        "no ports": "1=a",
        "one port": "1=a:2888",
        "one port twice": "1=a:2888:2888",
        "no host": "1=:2888:3888",
        "a bad host": "1=a_b c:2888:3888",
        "a port beyond": "1=a:2888:65536",
        "no id": "=a:2888:3888",
        "id 0": "0=a:2888:3888",
        "id 256": "256=a:2888:3888",
        "an id twice": "1=a:2888:3888,1=b:2888:3888",
        "an end twice": "1=a:2888:3888,2=a:2888:3889",
        "an unknown role": "1=a:2888:3888:leader",
        "observers only": "1=a:2888:3888:observer",
        "a bare IPv6 address": "1=::1:2888:3888",
        "no IPv6 address": "1=[a]:2888:3888",
        "an open bracket": "1=[::1:2888:3888",
        "another client port": "1=a:2888:3888;2182",
        "not this server": "7=a:2888:3888,8=b:2888:3888",
    },
}
_ANY = {
    "a newline and another key": "{}\nadmin.enableServer=true",
    "a newline behind": "{}\n",
    "a carriage return": "{}\rx",
    "a NUL": "{}\0x",
    "no UTF-8": "{}" + os.fsdecode(b"\xff"),
    "half a character": "{}" + os.fsdecode(b"\xe2\x82"),
}


def mistakes(scratch: Path) -> Iterator[Mistake]:
    """Yield every mistake; the files of some are made in *scratch*."""
    files = _files(scratch)
    for tool, listed in VARIABLES.items():
        for variable in listed:
            for kind, environ in _wrong(variable, files):
                yield Mistake(
                    tool=tool, variable=variable.name, kind=kind, environ={**_sound(tool, variable.name), **environ}
                )


def _sound(tool: str, variable: str) -> dict[str, str]:
    sound = dict(SOUND[tool])
    if variable == "HOSTNAME":
        # It is read where there is no POD_NAME.
        del sound["POD_NAME"]
    if variable == "ZK_SERVER_ID":
        sound["ZK_SERVERS"] = "1=a:2888:3888,2=b:2888:3888"
    return sound


def _wrong(variable: kinds.Variable[object], files: Mapping[str, Path]) -> Iterator[tuple[str, dict[str, str]]]:
    name = variable.name
    values = dict(_BY_NAME[name] if type(variable) is kinds.Text else _BY_KIND[type(variable)])
    if isinstance(variable, kinds.Number | kinds.Seconds):
        values["below the lowest"] = str(variable.low - 1)
        values["above the highest"] = str(variable.high + 1)
    for kind, value in values.items():
        yield kind, {name: value}
    sound = str(SOUND[ZOOKEEPER].get(name, "1"))
    for kind, form in _ANY.items():
        yield kind, {name: form.format(sound)}
    if variable.reads_file:
        for kind, path in files.items():
            yield kind, {name: "", f"{name}_FILE": str(path)}
        yield "given twice", {name: sound, f"{name}_FILE": "/dev/null"}


def _files(scratch: Path) -> dict[str, Path]:
    """Make what a *_FILE variable may not name."""
    contents = {"a file with two lines": b"1\n2\n", "a file without UTF-8": b"\xff", "a file with a NUL": b"1\0"}
    contents["a file that is too long"] = b"1" * 65537
    files = {
        "a file that is not there": scratch / "none",
        "a folder for a file": scratch,
        "a device": Path("/dev/zero"),
    }
    for kind, content in contents.items():
        files[kind] = scratch / kind.replace(" ", "-")
        files[kind].write_bytes(content)
    loop, fifo = scratch / "loop", scratch / "fifo"
    if not loop.is_symlink():
        loop.symlink_to(loop)
        os.mkfifo(fifo)
    return files | {"a link to itself": loop, "a FIFO": fifo}
