"""Every ZK_* variable: defaults of the original, forms and ranges, values that contradict each other, advice."""

import dataclasses

import pytest

from zkboot.advice import advice_on_settings
from zkboot.keys import KNOWN_KEYS
from zkboot.pod.environ import EnvReader
from zkboot.pod.heap import Heap
from zkboot.pod.variables import Variable
from zkboot.settings import VARIABLES, Settings
from zkboot.variables import HEAP_SIZE

MIB = 1024**2

ORIGINAL_DEFAULTS = {
    "ZK_USER": "zookeeper",
    "ZK_LOG_LEVEL": "INFO",
    "ZK_DATA_DIR": "/var/lib/zookeeper/data",
    "ZK_DATA_LOG_DIR": "/var/lib/zookeeper/log",
    "ZK_LOG_DIR": "/var/log/zookeeper",
    "ZK_CONF_DIR": "/opt/zookeeper/conf",
    "ZK_CLIENT_PORT": "2181",
    "ZK_SERVER_PORT": "2888",
    "ZK_ELECTION_PORT": "3888",
    "ZK_TICK_TIME": "2000",
    "ZK_INIT_LIMIT": "10",
    "ZK_SYNC_LIMIT": "5",
    "ZK_HEAP_SIZE": "2G",
    "ZK_MAX_CLIENT_CNXNS": "60",
    "ZK_SNAP_RETAIN_COUNT": "3",
    "ZK_PURGE_INTERVAL": "0",
    "ZK_REPLICAS": "3",
    "ZK_ID_OFFSET": "1",
    "ZK_ORDINAL_START": "0",
    "ZK_ALLOW_STANDALONE_DATA": "false",
    "ZK_DNS_WAIT": "60",
    "ZK_PROBE_HOST": "localhost",
    "ZK_PROBE_TIMEOUT": "3",
    "ZK_HTTP_PORT": "8081",
    "ZK_TLS_PORT": "2281",
    "ZK_TLS_CLIENTS": "only",
    "ZK_TLS_QUORUM": "only",
    "ZK_TLS_CLIENT_AUTH": "need",
    "ZK_SASL_CLIENTS": "only",
}

BAD_NUMBERS = ("x", "-1", "+1", "1.5", "1e3", "0x1", "\u0663", "\u00b2", "2147483648", "9" * 5000, "1_0")

# For each variable that is a number, what is just out of its range.
BAD_VALUES: dict[str, tuple[str, ...]] = {
    "ZK_CLIENT_PORT": ("0", "65536", *BAD_NUMBERS),
    "ZK_SERVER_PORT": ("0", "65536"),
    "ZK_ELECTION_PORT": ("0", "65536"),
    "ZK_TICK_TIME": ("0", "3600001", *BAD_NUMBERS),
    "ZK_INIT_LIMIT": ("0", "2147483648"),
    "ZK_SYNC_LIMIT": ("0", "2147483648"),
    "ZK_MAX_CLIENT_CNXNS": ("-1", "2147483648"),
    "ZK_MIN_SESSION_TIMEOUT": ("0", " 4000x", "-4000"),
    "ZK_MAX_SESSION_TIMEOUT": ("0", "forever"),
    "ZK_SNAP_RETAIN_COUNT": ("0", "-3"),
    "ZK_PURGE_INTERVAL": ("-1", "8761", "1h"),
    "ZK_REPLICAS": ("0", "256", "three", "3.0"),
    "ZK_ID_OFFSET": ("-1", "256"),
    "ZK_ORDINAL_START": ("-1", "x"),
    "ZK_SERVER_ID": ("0", "256", "one"),
    "ZK_HEAP_SIZE": (
        "0", "0G", "2", "G", "%", "-2G", "2T", "2GB", "2 G", "1.5G", "0%", "101%", "75 %", "1024k", "1M", "2G\u00a0",
        "\u0662G", "2097152\u212a", "1" * 10 + "G", "2g2", "2M", "2048k", "-Xmx2G", "2G;id", "$(id)G",
    ),
    "ZK_LOG_LEVEL": ("VERBOSE", "INFO,CONSOLE", "INFO;id", "$(id)", "INFO INFO"),
    "ZK_LOGGERS": ("DEBUG", "a=LOUD", "a b=INFO", "a..b=INFO", "a=INFO,a=WARN", "a=INFO;b=WARN", "root=WARN"),
    "ZK_USER": ("a b", "a:b", "é", "root;id", "-", "."),
    "ZK_DATA_DIR": ("data", "./data", "/data ", "~"),
    "ZK_DATA_LOG_DIR": ("log",),
    "ZK_LOG_DIR": ("var/log/zookeeper",),
    "ZK_CONF_DIR": ("conf", "/con f", "/con\tf"),
    "ZK_RECONFIG": ("yes", "dynamic"),
    "ZK_QUORUM_ENTRY": ("founder", "initial"),
    "ZK_ALLOW_NEW_LIST": ("once",),
    "ZK_ALLOW_INCOMPLETE_DATA": ("0",),
    "ZK_ALLOW_STANDALONE_DATA": ("yes", "1", "ture"),
    "ZK_TLS_DIR": ("tls", "/"),
    "ZK_TLS_PORT": ("0", "65536"),
    "ZK_TLS_CLIENTS": ("off", "true"),
    "ZK_TLS_QUORUM": ("both", "true"),
    "ZK_TLS_CLIENT_AUTH": ("required", "true"),
    "ZK_SASL_DIR": ("sasl", "/"),
    "ZK_SASL_USER": ("a b", "a:b"),
    "ZK_SASL_CLIENTS": ("off", "true"),
    "ZK_SASL_QUORUM": ("both", "true"),
    "ZK_DNS_WAIT": ("-1", "3601", "x", "nan"),
    "ZK_SERVERS": ("x", ",", "1=a:1:2:leader"),
}  # fmt: skip


def settings_of(**environ: str) -> tuple[Settings, list[str]]:
    """Return the settings that *environ* makes and the problems in it."""
    env = EnvReader(environ)
    return Settings.from_environ(env), [*map(str, env.problems)]


def problems_of(**environ: str) -> list[str]:
    """Return the problems in *environ*."""
    return settings_of(**environ)[1]


def advice_of(**environ: str) -> tuple[str, ...]:
    """Return the advice on *environ*, which has no problem and purges, so that nothing is said of that."""
    settings, problems = settings_of(**{"ZK_PURGE_INTERVAL": "1", **environ})

    assert problems == []
    return tuple(advice_on_settings(settings))


def by_name(name: str) -> Variable[object]:
    """Return the variable called *name*."""
    (variable,) = [variable for variable in VARIABLES if variable.name == name]
    return variable


@pytest.mark.parametrize(("name", "default"), ORIGINAL_DEFAULTS.items())
def test_defaults_are_the_original_s_and_the_contract_s(name: str, default: str) -> None:
    """Manifests leave variables out and rely on it."""
    assert by_name(name).default_text == default


def test_every_variable_is_listed_once() -> None:
    """Help pages and the README come from the list."""
    names = [variable.name for variable in VARIABLES]

    assert len(names) == len(set(names))
    texts = {"ZK_DOMAIN", "ZK_PROBE_PORT", "POD_NAME", "HOSTNAME", "ZK_SUPER_PASSWORD"}
    assert {*ORIGINAL_DEFAULTS, *BAD_VALUES, *texts} == set(names)


def test_an_empty_environment_is_the_original_s() -> None:
    """With session time-outs that follow the tick."""
    settings, problems = settings_of()

    assert problems == []
    assert (settings.min_session_timeout_ms, settings.max_session_timeout_ms) == (4000, 40000)
    assert (settings.heap, settings.extra, settings.servers) == (Heap(size="2G"), {}, None)


def test_session_timeouts_follow_the_tick_unless_set() -> None:
    """2 and 20 ticks, as in the original."""
    settings, _ = settings_of(ZK_TICK_TIME="500", ZK_MAX_SESSION_TIMEOUT="60000")

    assert (settings.min_session_timeout_ms, settings.max_session_timeout_ms) == (1000, 60000)


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in BAD_VALUES.items() for text in texts])
def test_a_bad_value_is_one_problem_that_names_its_variable(name: str, text: str) -> None:
    """And it contradicts nothing else: the default stands in for it."""
    problems = problems_of(**{name: text})

    assert len(problems) == 1, problems
    assert problems[0].startswith(f"{name}={text!r} ")


def test_all_bad_values_are_reported_together() -> None:
    """One run, one list: nobody mends twenty variables one by one."""
    problems = problems_of(**{name: texts[0] for name, texts in BAD_VALUES.items()})

    assert sorted(problem.partition("=")[0] for problem in problems) == sorted(BAD_VALUES)


@pytest.mark.parametrize(
    ("text", "heap"),
    [
        ("2G", Heap(size="2G")),
        ("512m", Heap(size="512m")),
        ("2049k", Heap(size="2049k")),
        ("2097152K", Heap(size="2097152K")),
        ("02g", Heap(size="02g")),
        ("75%", Heap(percent=75)),
        ("100%", Heap(percent=100)),
        ("1%", Heap(percent=1)),
    ],
)
def test_a_heap_is_a_size_or_a_share(text: str, heap: Heap) -> None:
    """The operator's spelling is kept."""
    assert HEAP_SIZE.parse(text) == heap
    assert HEAP_SIZE.parse(str(heap)) == heap


def test_a_share_is_taken_of_the_limit() -> None:
    """Rounded down to KiB, so that Java never gets more than its share."""
    assert Heap(percent=75).within(1000 * MIB) == "768000k"
    assert Heap(percent=33).within(1024 + 1) == "0k"
    assert Heap(size="2G").within(1) == "2G"
    assert (Heap(size="3m").fixed_bytes, Heap(size="2G").fixed_bytes) == (3 * MIB, 2048 * MIB)
    assert Heap(percent=1).fixed_bytes is None


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        (
            {"ZK_MIN_SESSION_TIMEOUT": "5000", "ZK_MAX_SESSION_TIMEOUT": "4999"},
            "ZK_MIN_SESSION_TIMEOUT=5000 is more than ZK_MAX_SESSION_TIMEOUT=4999",
        ),
        (
            {"ZK_MIN_SESSION_TIMEOUT": "40001"},
            "ZK_MIN_SESSION_TIMEOUT=40001 is more than ZK_MAX_SESSION_TIMEOUT=40000",
        ),
        (
            {"ZK_INIT_LIMIT": "1073742"},
            (
                "ZK_INIT_LIMIT=1073742 ticks of ZK_TICK_TIME=2000 ms are more milliseconds than a server can count"
                " (2147483647)"
            ),
        ),
        (
            {"ZK_SYNC_LIMIT": "2147483647", "ZK_TICK_TIME": "2"},
            (
                "ZK_SYNC_LIMIT=2147483647 ticks of ZK_TICK_TIME=2 ms are more milliseconds than a server can count"
                " (2147483647)"
            ),
        ),
        ({"ZK_SERVER_PORT": "2181"}, "ZK_SERVER_PORT=2181 is the port of ZK_CLIENT_PORT, too"),
        ({"ZK_ELECTION_PORT": "2181"}, "ZK_ELECTION_PORT=2181 is the port of ZK_CLIENT_PORT, too"),
        ({"ZK_ELECTION_PORT": "2888"}, "ZK_ELECTION_PORT=2888 is the port of ZK_SERVER_PORT, too"),
        ({"ZK_CFG_secureClientPort": "2181"}, "zoo.cfg's secureClientPort=2181 is the port of ZK_CLIENT_PORT, too"),
        ({"ZK_CFG_admin_serverPort": "02888"}, "zoo.cfg's admin.serverPort=2888 is the port of ZK_SERVER_PORT, too"),
        (
            {"ZK_CFG_metricsProvider_httpPort": "3888"},
            "zoo.cfg's metricsProvider.httpPort=3888 is the port of ZK_ELECTION_PORT, too",
        ),
        (
            {"ZK_CFG_observerMasterPort": "7000", "ZK_CFG_metricsProvider_httpPort": "7000"},
            "zoo.cfg's observerMasterPort=7000 is the port of zoo.cfg's metricsProvider.httpPort, too",
        ),
        (
            {"ZK_SERVER_ID": "2"},
            (
                "ZK_SERVER_ID=2 needs ZK_SERVERS, or ZK_REPLICAS=1: without these, unset it and set ZK_ID_OFFSET, from"
                " which the ids of all servers follow"
            ),
        ),
        (
            {"ZK_SERVERS": "1=a:1:2;2182"},
            "ZK_SERVERS: server 1 serves clients at 2182, but ZK_CLIENT_PORT=2181; set that, one for all servers",
        ),
    ],
)
def test_values_that_contradict_each_other_are_one_problem(environ: dict[str, str], told: str) -> None:
    """Each alone would be right."""
    assert problems_of(**environ) == [told]


def test_who_wants_no_plain_port_is_told_how() -> None:
    """A server here is asked by the pod itself, in plain text."""
    assert problems_of(ZK_CLIENT_PORT="0", ZK_CFG_secureClientPort="2281") == [
        "ZK_CLIENT_PORT='0' is not an integer in 1..65535",
        (
            "ZK_CLIENT_PORT=0 does not close the port beside secureClientPort: with ZK_TLS_DIR it is left to the pod"
            " itself"
        ),
    ]


def test_ports_of_a_server_list_do_not_collide_with_defaults() -> None:
    """ZK_SERVER_PORT and ZK_ELECTION_PORT mean nothing beside ZK_SERVERS."""
    assert problems_of(ZK_SERVERS="1=a:1:2", ZK_CLIENT_PORT="2888") == []


@pytest.mark.parametrize("value", ["\u00b2", "\u0662\u0661\u0668\u0661", "9" * 5000, "0", "-1", "65536", "none"])
def test_what_is_no_port_in_a_key_of_the_server_s_own_collides_with_nothing(value: str) -> None:
    """And breaks nothing here: the server has its own rules for it."""
    assert problems_of(ZK_CFG_admin_serverPort=value) == []


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        (
            {"ZK_PURGE_INTERVAL": "0"},
            "ZK_PURGE_INTERVAL=0: snapshots and logs are never purged, the volume fills up; 1 is one hour",
        ),
        (
            {"ZK_SYNC_LIMIT": "2000"},
            "ZK_SYNC_LIMIT=2000 ticks of ZK_TICK_TIME=2000 ms: a dead follower is dropped only after 4000 s",
        ),
        ({"ZK_SNAP_RETAIN_COUNT": "2"}, "ZK_SNAP_RETAIN_COUNT=2: the server keeps 3 all the same"),
        (
            {"ZK_CFG_jute_maxbuffer": "4194304"},
            "zoo.cfg's jute.maxbuffer has no effect: add -Djute.maxbuffer=... to SERVER_JVMFLAGS",
        ),
        (
            {"ZK_CFG_autopurge_purgeInteval": "1"},
            (
                "zoo.cfg's autopurge.purgeInteval is no key that ZooKeeper is known to have; did you mean"
                " autopurge.purgeInterval, which ZK_PURGE_INTERVAL sets?"
            ),
        ),
        (
            {"ZK_CFG_reconfigEnable": "true"},
            "zoo.cfg's reconfigEnable is no key that ZooKeeper is known to have; did you mean reconfigEnabled?",
        ),
        (
            {"ZK_CFG_4lw_commands_whitelist": "srvr"},
            "4lw.commands.whitelist lacks ruok and mntr: the probes that ask for it will fail",
        ),
        (
            {"ZK_CFG_4lw_commands_whitelist": "srvr,ruok"},
            "4lw.commands.whitelist lacks mntr: the probes that ask for it will fail",
        ),
        (
            {"ZK_CFG_4lw_commands_whitelist": "*"},
            "4lw.commands.whitelist=* lets every client run words that are costly or tell too much",
        ),
        ({"ZK_REPLICAS": "4"}, "ZK_REPLICAS: 4 voters serve with 1 of them away, as 3 do: add or take one"),
        ({"ZK_REPLICAS": "9"}, "ZK_REPLICAS: each write waits for 5 of 9 voters: let some be observers"),
        (
            {"ZK_SERVERS": "1=a:1:2,2=b:1:2,3=c:1:2:observer"},
            "ZK_SERVERS: 2 voters serve with 0 of them away, as 1 do: add or take one",
        ),
    ],
)
def test_what_does_not_stop_the_start_is_one_line_of_advice(environ: dict[str, str], told: str) -> None:
    """The seed's manifest set ZK_SYNC_LIMIT from the wrong key, and nobody was told."""
    assert advice_of(**environ) == (told,)


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"ZK_SYNC_LIMIT": "30"},
        {"ZK_CFG_4lw_commands_whitelist": "ruok ,\tmntr, srvr"},
        {"ZK_CFG_authProvider_sasl": "x"},
        {"ZK_CFG_standaloneEnabled": "false"},
    ],
)
def test_sound_settings_get_no_advice(environ: dict[str, str]) -> None:
    """A line that is always there is not read."""
    assert advice_of(**environ) == ()


def test_no_advice_tells_a_secret() -> None:
    """Whatever key it was put under."""
    keys = {key.replace("_", "__").replace("-", "___").replace(".", "_") for key in KNOWN_KEYS}
    environ = {f"ZK_CFG_{key}x": "canary" for key in keys} | {"ZK_CFG_jute_maxbuffer": "canary"}
    settings, problems = settings_of(**environ)

    assert not any("canary" in line for line in (*advice_on_settings(settings), *problems))


def test_settings_do_not_change() -> None:
    """They were checked once."""
    settings, _ = settings_of()

    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.client_port = 1  # type: ignore[misc]
