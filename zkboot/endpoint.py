"""Where a probe asks, how, and how long it waits: the few variables that the probes read.

Where TLS is on, readiness is asked over TLS and verified, as a client would. All else asks in plain text where a plain
port is left, if only to the pod itself; on the port for TLS liveness takes any certificate.
"""

from zkboot.pod.address import Host, Port, host_port
from zkboot.pod.variables import FILES, PORTS, PROBES, TLS, WHO, Path, Seconds, Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from zkboot.pod.environ import EnvReader
    from zkboot.pod.tls_transport import Tls
    from zkboot.pod.variables import Variable

CLIENT_PORT = Port("ZK_CLIENT_PORT", 2181, "port for clients", group=PORTS)
TLS_DIR = Path(
    "ZK_TLS_DIR",
    None,
    "directory with `tls.crt`, `tls.key` and `ca.crt`, as cert-manager's Secret is mounted: turns on TLS (3.5.5 and"
    " newer)",
    group=TLS,
)
TLS_PORT = Port("ZK_TLS_PORT", 2281, "port for clients that speak TLS", group=TLS)
CONF_DIR = Path(
    "ZK_CONF_DIR", "/opt/zookeeper/conf", "directory where the configuration is written, all but myid", group=FILES
)
DOMAIN = Text(
    "ZK_DOMAIN",
    None,
    "DNS domain of the StatefulSet's headless service",
    group=WHO,
    default_text="the pod name's own domain, else the host's",
)
PROBE_HOST = Host("ZK_PROBE_HOST", "localhost", "name or address of the server that the probes ask", group=PROBES)
PROBE_PORT = Port(
    "ZK_PROBE_PORT",
    None,
    f"port that all probes ask: one for plain text, or `{TLS_PORT.name}`; unset, with `{TLS_DIR.name}`, readiness asks"
    f" `{TLS_PORT.name}`",
    group=PROBES,
    default_text=f"`{CLIENT_PORT.name}`",
)
PROBE_TIMEOUT = Seconds(
    "ZK_PROBE_TIMEOUT",
    3.0,
    "seconds until a probe gives up, from the look-up of the name to the end of the answer",
    group=PROBES,
    low=0.05,
    high=3600,
)
HTTP_PORT = Port("ZK_HTTP_PORT", 8081, "port where `zkboot serve` answers HTTP", group=PROBES)

VARIABLES: "tuple[Variable[Any], ...]" = (CLIENT_PORT, TLS_DIR, TLS_PORT, PROBE_HOST, PROBE_PORT, PROBE_TIMEOUT)
"""All that a probe reads, in the order of its help page."""


class Endpoint:
    """A server that can be asked: ``str()`` of it is ``host:port``."""

    __slots__ = ("host", "login", "port", "timeout", "tls")

    def __init__(self, host: str, port: int, timeout: float, tls: "Tls | None" = None) -> None:
        self.host = host
        """A name or an address, IPv6 without brackets."""
        self.port = port
        """The port that four-letter words are sent to."""
        self.timeout = timeout
        """Seconds for one whole exchange."""
        self.tls = tls
        """How it is asked over TLS; None for plain text."""
        self.login: tuple[str, str] | None = None
        """Name and password for what it answers only to whom it knows; None where there is none. No word needs it."""

    @classmethod
    def from_environ(cls, env: "EnvReader", *, prefers_tls: bool = False) -> "Endpoint":
        """Return the endpoint that the variables describe; what is wrong with them is noted in *env*.

        With *prefers_tls* it is the port for TLS, if there is one, unless the variables say which port to ask.
        """
        client_port, has_tls, tls_port = env.read(CLIENT_PORT), env.get(TLS_DIR) is not None, env.read(TLS_PORT)
        host, port, timeout = env.read(PROBE_HOST), env.get(PROBE_PORT), env.read(PROBE_TIMEOUT)
        if port is None:
            port = tls_port if has_tls and prefers_tls else client_port
        return cls(host, port, timeout)

    def __str__(self) -> str:
        return host_port(self.host, self.port)
