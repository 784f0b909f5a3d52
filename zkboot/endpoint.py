"""Where a probe asks, and how long it waits: the few variables that the probes read."""

from zkboot.pod.address import Host, Port, host_port
from zkboot.pod.environ import PORTS, PROBES, Seconds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from zkboot.pod.environ import EnvReader, Variable

CLIENT_PORT = Port("ZK_CLIENT_PORT", 2181, "port for clients", group=PORTS)
PROBE_HOST = Host("ZK_PROBE_HOST", "localhost", "name or address of the server that the probes ask", group=PROBES)
PROBE_PORT = Port(
    "ZK_PROBE_PORT",
    None,
    "port that the probes ask: one for plain text, without TLS",
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

VARIABLES: "tuple[Variable[Any], ...]" = (CLIENT_PORT, PROBE_HOST, PROBE_PORT, PROBE_TIMEOUT)
"""All that a probe reads, in the order of its help page."""


class Endpoint:
    """A server that can be asked: ``str()`` of it is ``host:port``."""

    __slots__ = ("host", "port", "timeout")

    def __init__(self, host: str, port: int, timeout: float) -> None:
        self.host = host
        """A name or an address, IPv6 without brackets."""
        self.port = port
        """The port that four-letter words are sent to, in plain text."""
        self.timeout = timeout
        """Seconds for one whole exchange."""

    @classmethod
    def from_environ(cls, env: "EnvReader") -> "Endpoint":
        """Return the endpoint that the variables describe; what is wrong with them is noted in *env*."""
        port = env.get(PROBE_PORT)
        client_port = env.read(CLIENT_PORT)
        return cls(env.read(PROBE_HOST), client_port if port is None else port, env.read(PROBE_TIMEOUT))

    def __str__(self) -> str:
        return host_port(self.host, self.port)
