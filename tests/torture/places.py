"""Every place where a secret can stand, with what a start that meets it there must come to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from kafkaboot.config import settings as kafka_settings
from zkboot import settings as zookeeper_settings

CANARY = "{canary}"
"""Stands for the secret in everything below."""

OK, WRONG = 0, 78

JAAS = f'org.apache.kafka.common.security.plain.PlainLoginModule required username="u" password="{CANARY}";'


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One of them."""

    name: str
    tool: str
    """``zkboot`` or ``kafkaboot``."""
    status: int = OK
    """What gen-config must end with."""
    environ: Mapping[str, str] = field(default_factory=dict)
    file: str = ""
    """Variable that names a file with ``content``."""
    content: str = CANARY
    folder: str = ""
    """Variable that names a folder, where ``content`` is the file of a user."""
    base: str = ""
    """What is added to Kafka's base file."""
    is_written: bool = True
    """Whether a start that succeeds writes the secret to a file."""
    is_handed_on: bool = False
    """Whether the server gets the variable: it is for its scripts, not for this tool."""


_TLS_KEYS = ("keyStore", "trustStore", "quorum_keyStore", "quorum_trustStore")
_MISTAKES: Mapping[str, str] = {
    "a newline in it": f"{CANARY}\nadmin.enableServer=true",
    "a carriage return in it": f"{CANARY}\r",
    "bytes that are no UTF-8": f"{CANARY}\udcff",
}


def _both(tool: str, variable: str, name: str) -> Iterator[Place]:
    """Yield the ways in which *variable*, a secret by its name, can be given, right and wrong."""
    yield Place(name=name, tool=tool, environ={variable: CANARY})
    yield Place(name=f"{name}, from a file", tool=tool, file=f"{variable}_FILE", content=f"{CANARY}\n")
    yield Place(name=f"{name}, twice", tool=tool, status=WRONG, environ={variable: CANARY}, file=f"{variable}_FILE")
    for mistake, value in _MISTAKES.items():
        yield Place(name=f"{name}, {mistake}", tool=tool, status=WRONG, environ={variable: value})
    content = f"{CANARY}\r\n"
    yield Place(name=f"{name}, CRLF in its file", tool=tool, status=WRONG, file=f"{variable}_FILE", content=content)
    content = f"{CANARY}{'x' * 65536}"
    yield Place(name=f"{name}, its file too long", tool=tool, status=WRONG, file=f"{variable}_FILE", content=content)


def _zookeeper() -> Iterator[Place]:
    yield from _both("zkboot", "ZK_CFG_ssl_keyStore_password", "key store password")
    for key in _TLS_KEYS[1:]:
        yield Place(name=f"{key} password", tool="zkboot", environ={f"ZK_CFG_ssl_{key}_password": CANARY})
    digest = "ZK_CFG_DigestAuthenticationProvider_superDigest"
    yield Place(name="super digest", tool="zkboot", environ={digest: f"super:{CANARY}"})
    yield Place(name="a key that nobody knows", tool="zkboot", environ={"ZK_CFG_my_Secret_thing": CANARY})
    yield Place(name="a token that nobody knows", tool="zkboot", environ={"ZK_CFG_vault_authToken": CANARY})
    yield Place(name="a known key, mistyped", tool="zkboot", environ={"ZK_CFG_ssl_keyStore_pasword": CANARY})
    yield Place(name="any key, from a file", tool="zkboot", file="ZK_CFG_authProvider_sasl_FILE")
    blank = {"ZK_CFG_ssl_keyStore_password": f" {CANARY}"}
    yield Place(name="a blank before it", tool="zkboot", status=WRONG, environ=blank)
    owned = "ZK_CFG_clientPort_FILE"
    yield Place(name="a key with a variable of its own", tool="zkboot", status=WRONG, file=owned)
    odd = {"ZK_CFG_ssl____password": CANARY}
    yield Place(name="a key that no rule covers", tool="zkboot", status=WRONG, environ=odd)
    for name in ("ZK_PASSWORD", "ZK_TICK_TIMES"):
        yield Place(name=f"unknown {name}", tool="zkboot", environ={name: CANARY}, is_written=False)
    asked = "ZK_SSL_KEYSTORE_PASSWORD"
    yield Place(name=f"unknown {asked}", tool="zkboot", status=WRONG, environ={asked: CANARY}, is_written=False)
    logins = "ZK_SASL_DIR"
    servers = {"ZK_SASL_USER": "user"}
    yield Place(name="a login", tool="zkboot", folder=logins, content=f'{CANARY}\\ "')
    yield Place(name="the servers' login", tool="zkboot", folder=logins, environ={"ZK_REPLICAS": "3", **servers})
    for mistake, value in {
        **_MISTAKES,
        "letters beyond ASCII": f"{CANARY}\u00e9",
        "a property": f"${{{CANARY}}}",
    }.items():
        yield Place(name=f"a login, {mistake}", tool="zkboot", status=WRONG, folder=logins, content=value)
    other = {"ZK_SASL_USER": "other"}
    yield Place(name="a login that is not named", tool="zkboot", status=WRONG, folder=logins, environ=other)
    flags = {"SERVER_JVMFLAGS": f"-Dzookeeper.ssl.keyStore.password={CANARY}"}
    yield Place(name="the JVM's flags", tool="zkboot", environ=flags, is_written=False, is_handed_on=True)


def _kafka() -> Iterator[Place]:
    yield from _both("kafkaboot", "KAFKA_SSL_KEYSTORE_PASSWORD", "keystore password")
    for name in (
        "KAFKA_SSL_KEY_PASSWORD",
        "KAFKA_SSL_KEYSTORE_KEY",
        "KAFKA_SSL_TRUSTSTORE_PASSWORD",
        "KAFKA_DELEGATION_TOKEN_SECRET_KEY",
        "KAFKA_DELEGATION_TOKEN_MASTER_KEY",
        "KAFKA_PASSWORD_ENCODER_SECRET",
        "KAFKA_PASSWORD_ENCODER_OLD_SECRET",
        "KAFKA_ZOOKEEPER_SSL_KEYSTORE_PASSWORD",
        "KAFKA_LISTENER_NAME_INTERNAL_SSL_KEY_PASSWORD",
        "KAFKA_MY_OWN_CREDENTIAL",
        "KAFKA_METRICS_BASIC_AUTH",
        "KAFKA_SSL_KEYSTORE_PASWORD",
    ):
        yield Place(name=name, tool="kafkaboot", environ={name: CANARY})
    for name, value in {
        "KAFKA_OPT": f"-Djavax.net.ssl.keyStorePassword={CANARY}",
        "KAFKA_CONFLUENT_SCHEMA_REGISTRY_URL": f"https://u:{CANARY}@sr",
    }.items():
        yield Place(name=f"{name}, in its value", tool="kafkaboot", environ={name: value})
    for name in ("KAFKA_SASL_JAAS_CONFIG", "KAFKA_LISTENER_NAME_INTERNAL_PLAIN_SASL_JAAS_CONFIG"):
        yield Place(name=name, tool="kafkaboot", environ={name: JAAS})
        yield Place(name=f"{name}, from a file", tool="kafkaboot", file=f"{name}_FILE", content=f"{JAAS}\n")
    logins, plain = "KF_SASL_DIR", {"KF_SASL_MECHANISM": "PLAIN"}
    own = {**plain, "KF_SASL_USER": "user"}
    yield Place(name="a login", tool="kafkaboot", environ=own, folder=logins, content=f'{CANARY}\\ "')
    for mistake, value in _MISTAKES.items():
        yield Place(
            name=f"a login, {mistake}", tool="kafkaboot", status=WRONG, environ=own, folder=logins, content=value
        )
    other = {**plain, "KF_SASL_USER": "other"}
    yield Place(name="a login that is not named", tool="kafkaboot", status=WRONG, environ=other, folder=logins)
    by_scram = {"KF_SASL_USER": "user"}
    yield Place(name="a login by SCRAM", tool="kafkaboot", environ=by_scram, folder=logins)
    yield Place(name="any property, from a file", tool="kafkaboot", file="KAFKA_PRINCIPAL_BUILDER_CLASS_FILE")
    # Right by themselves, and wrong beside something else.
    beside = {"KAFKA_LOG4J_LOGGERS": "a=INFO"}
    loggers = f"{CANARY}=WARN"
    yield Place(name="loggers", tool="kafkaboot", status=WRONG, environ=beside, file="KF_LOGGERS_FILE", content=loggers)
    for file, content in {
        "KF_CONTROLLER_STATEFULSET_FILE": CANARY,
        "KAFKA_CONTROLLER_LISTENER_NAMES_FILE": CANARY,
        "KAFKA_LISTENERS_FILE": f"{CANARY}://:9092",
        "KAFKA_ADVERTISED_LISTENERS_FILE": f"{CANARY}://h:9092",
        "KAFKA_CONTROLLER_QUORUM_VOTERS_FILE": f"7@{CANARY}:9093",
    }.items():
        yield Place(name=f"{file}, beside others", tool="kafkaboot", status=WRONG, file=file, content=content)
    twice = {"KAFKA_SSL_KEY_PASSWORD": CANARY, "KAFKA_ssl_key_password": CANARY}
    yield Place(name="one property, two variables", tool="kafkaboot", status=WRONG, environ=twice)
    odd = {"KAFKA_SSL____PASSWORD": CANARY}
    yield Place(name="a property that no rule covers", tool="kafkaboot", status=WRONG, environ=odd)
    yield Place(name="unknown KF_PASSWORD", tool="kafkaboot", environ={"KF_PASSWORD": CANARY}, is_written=False)
    for name, base in {
        "the base file": f"ssl.keystore.password={CANARY}\n",
        "the base file, JAAS": f"listener.name.internal.plain.sasl.jaas.config={JAAS}\n",
        "the base file, over two lines": f"sasl.jaas.config=Module required \\\n    password={CANARY};\n",
        "the base file, escaped": f"ssl.keystore.p\\u0061ssword \\\n  : {CANARY}\n",
        "a comment of the base file": f"# ssl.keystore.password={CANARY}\n",
        "a comment, another word": f"# ssl.keystore.passphrase={CANARY}\n",
        "a comment, without an equals sign": f"# ssl.keystore.password {CANARY}\n",
        "a comment, mistyped": f"# ssl.keystore.pasword={CANARY}\n",
        "a comment, escaped": f"# ssl.keystore.p\\u0061ssword={CANARY}\n",
        "the base file, its first line a comment": f"#sasl.jaas.config=Module \\\n user=a \\\n password={CANARY};\n",
    }.items():
        yield Place(name=name, tool="kafkaboot", base=base)
    replaced = {"KAFKA_SSL_KEYSTORE_PASSWORD": "another"}
    base = f"ssl.keystore.password={CANARY}\n"
    yield Place(name="the base file, replaced", tool="kafkaboot", base=base, environ=replaced)
    base = f"ssl.keystore.password=pre\\u{CANARY}\n"
    yield Place(name="the base file, malformed", tool="kafkaboot", status=74, base=base)
    flags = {"KAFKA_OPTS": f"-Dpassword={CANARY}"}
    yield Place(name="the JVM's options", tool="kafkaboot", environ=flags, is_written=False, is_handed_on=True)


PLACES = (*_zookeeper(), *_kafka())

_JUDGED = (
    "KAFKA_NODE_ID",
    "KAFKA_LOG_DIRS",
    "KAFKA_LISTENERS",
    "KAFKA_ADVERTISED_LISTENERS",
    "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP",
    "KAFKA_PROCESS_ROLES",
    "KAFKA_CONTROLLER_QUORUM_VOTERS",
)
"""The properties whose values kafkaboot reads, and for which a word is none."""

MISLED = (
    *(
        (tool, variable.name)
        for tool, module in (("zkboot", zookeeper_settings), ("kafkaboot", kafka_settings))
        for variable in module.VARIABLES
        if variable.reads_file
    ),
    *(("kafkaboot", name) for name in _JUDGED),
)
"""Tool and name of each variable that can be read from a file: the file may be the wrong one, a secret."""

RIGHT_NAMES = (CANARY, f"{CANARY}-1")
"""Secrets that might be names."""

SECRETS = (
    *RIGHT_NAMES,
    f"{CANARY} x",
    f"/{CANARY} x",
    f"{CANARY}-01",
    f"a..{CANARY}",
    f"{CANARY}=x",
    f"1={CANARY},x",
    f"{CANARY}://:1,{CANARY}",
    f"'{CANARY}",
)
"""What such a file may hold: each is wrong for other kinds of variables."""
