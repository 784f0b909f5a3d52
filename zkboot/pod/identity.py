"""Who this pod is: the StatefulSet it belongs to, its ordinal, its domain, and the names of its peers.

Kubernetes names the pods of a StatefulSet ``<statefulset>-<ordinal>`` and gives each, through the governing headless
service, the DNS name ``<pod>.<service>.<namespace>.svc.<cluster domain>``.
"""

from zkboot.pod.errors import IdentityError
from zkboot.pod.variables import INT32_MAX, WHO, Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from zkboot.pod.environ import EnvReader

POD_NAME = Text(
    "POD_NAME",
    None,
    "name of this pod, `<statefulset>-<ordinal>`: in a manifest, the field `metadata.name`",
    group=WHO,
    default_text="`HOSTNAME`, else the host's own name",
)
POD_NAMESPACE = Text(
    "POD_NAMESPACE", None, "namespace of this pod: in a manifest, the field `metadata.namespace`", group=WHO
)
HOSTNAME = Text(
    "HOSTNAME", None, "name of this pod where `POD_NAME` is unset", group=WHO, default_text="the host's own name"
)

LABEL_LIMIT = 63
"""Characters that one label of a DNS name may have (RFC 1035)."""


class PodIdentity:
    """One pod of a StatefulSet."""

    __slots__ = ("domain", "ordinal", "statefulset")

    def __init__(self, statefulset: str, ordinal: int, domain: str | None) -> None:
        self.statefulset = statefulset
        """Name of the StatefulSet: what stands before the last dash of the pod's name."""
        self.ordinal = ordinal
        """Number of the pod in its StatefulSet."""
        self.domain = domain
        """DNS domain of the governing headless service; None where none is known."""

    @property
    def pod_name(self) -> str:
        """The pod's name, which is also its host name."""
        return f"{self.statefulset}-{self.ordinal}"

    @property
    def fqdn(self) -> str:
        """The pod's own DNS name; its bare name where no domain is known."""
        return self.peer(self.ordinal)

    def peer(self, ordinal: int) -> str:
        """Return the DNS name of the pod with *ordinal* in the same StatefulSet."""
        name = f"{self.statefulset}-{ordinal}"
        return f"{name}.{self.domain}" if self.domain else name

    @classmethod
    def parse(
        cls,
        pod_name: str,
        domain: str | None = None,
        *,
        source: str = "host name",
        example: str = "zk-0",
        otherwise: str = "",
    ) -> "PodIdentity":
        """Return the identity that *pod_name*, up to its first dot, states.

        *source* is what the operator would call the place it came from; *example*, a name that would be right, and
        *otherwise*, what else would do, are for messages. Raises IdentityError where the name is not
        ``<statefulset>-<ordinal>`` with a canonical decimal ordinal: ``zk-08`` would be octal to a shell and eight to
        Python, so it is refused.
        """
        label = pod_name.partition(".")[0]
        statefulset, dash, digits = label.rpartition("-")
        subject = f"{source} {pod_name!r}"
        if not dash or not statefulset or not digits or not digits.isascii() or not digits.isdigit():
            raise IdentityError(f"{subject} is not <statefulset>-<ordinal>, such as {example}: set POD_NAME{otherwise}")
        if not is_label(statefulset):
            raise IdentityError(
                f"{subject}: {statefulset!r} is no StatefulSet's name (letters, digits and dashes; no dash at either"
                " end): set POD_NAME"
            )
        if digits != "0" and digits.startswith("0"):
            raise IdentityError(f"{subject}: the ordinal {digits!r} has a leading zero: set POD_NAME")
        if len(digits) > 10 or int(digits) >= INT32_MAX:
            raise IdentityError(f"{subject}: the ordinal {digits} is too large: set POD_NAME")
        if len(label) > LABEL_LIMIT:
            raise IdentityError(
                f"{subject}: {len(label)} characters are more than the {LABEL_LIMIT} of a host name: set POD_NAME"
            )
        return cls(statefulset, int(digits), domain)


class NamedHost(PodIdentity):
    """A host that is no pod of a StatefulSet, or need not be: it has a name, and nothing is made of an ordinal."""

    __slots__ = ()

    def __init__(self, name: str) -> None:
        super().__init__(name, 0, None)

    @property
    def pod_name(self) -> str:
        return self.statefulset

    @property
    def fqdn(self) -> str:
        return f"{self.statefulset}.{self.domain}" if self.domain else self.statefulset


class Host:
    """What the machine says of itself, each asked for at most once and only when needed.

    *name* returns the host's own name; *domain* what ``hostname -d`` would print, possibly after a DNS question.
    """

    __slots__ = ("_domain", "_name")

    def __init__(self, name: "Callable[[], str]", domain: "Callable[[], str]") -> None:
        self._name = name
        self._domain = domain

    @property
    def name(self) -> str:
        """The host's own name, as the kernel has it."""
        return self._name()

    @property
    def domain(self) -> str:
        """The host's DNS domain; empty where there is none."""
        return self._domain()


def find_identity(
    env: "EnvReader",
    domain_variable: "Text",
    host: Host,
    *,
    needs_ordinal: bool = True,
    example: str = "zk-0",
    otherwise: str = "",
) -> PodIdentity:
    """Return this pod's identity from ``POD_NAME``, ``HOSTNAME`` or the host's own name, and its domain.

    Where nothing is made of the ordinal, *needs_ordinal* lets any host's name be one. *example* and *otherwise* are for
    messages: a name that would be right, and what else would do.

    The domain is *domain_variable*'s value, else what follows the first dot of the pod's name, else the host's domain,
    but only where the host is the pod (under ``hostNetwork`` it is the node). Raises IdentityError.
    """
    name, source = stated_name(env, host)
    try:
        identity = parse_stated(env, name, source, example=example, otherwise=otherwise)
    except IdentityError:
        if needs_ordinal or not is_label(name.partition(".")[0]):
            raise
        identity = NamedHost(name.partition(".")[0])
    domain = env.get(domain_variable)
    subject = env.shown(domain_variable.name, domain or "")
    if domain is None:
        domain = name.partition(".")[2] or None
        subject = f"{env.shown(source, name)}: its domain" + ("" if source in env.from_file else f" {domain!r}")
    if domain is None and host.name.partition(".")[0] == identity.pod_name:
        domain = host.domain or None
        subject = f"the host's domain {domain!r}"
    if domain is not None:
        # Whole, since 253 characters are all that the pod's own name may have, too.
        if not is_domain(f"{identity.pod_name}.{domain.removesuffix('.')}"):
            env.problems.note(f"{subject} is not a DNS domain: set {domain_variable.name}")
        identity.domain = domain.removesuffix(".")
    return identity


def parse_stated(
    env: "EnvReader", name: str, source: str, *, example: str = "zk-0", otherwise: str = ""
) -> PodIdentity:
    """Return the identity that *name* states, which *source* gives, as ``PodIdentity.parse`` does.

    Raises IdentityError, which repeats nothing of a name that came from a file: it may be the wrong one.
    """
    try:
        return PodIdentity.parse(name, source=source, example=example, otherwise=otherwise)
    except IdentityError:
        if source not in env.from_file:
            raise
        raise IdentityError(
            f"{env.shown(source, name)} is not <statefulset>-<ordinal>, such as {example}: set POD_NAME{otherwise}"
        ) from None


def is_label(text: str) -> bool:
    """Return whether *text* may be one label of a DNS name: letters, digits, dashes, none at either end."""
    return (
        0 < len(text) <= LABEL_LIMIT
        and text.isascii()
        and text.replace("-", "a").isalnum()
        and text[0] != "-"
        and text[-1] != "-"
    )


def is_domain(text: str) -> bool:
    """Return whether *text* is a DNS name: labels joined by dots, 253 characters at most (RFC 1035)."""
    return len(text) <= 253 and all(is_label(label) for label in text.split("."))


def stated_name(env: "EnvReader", host: Host) -> tuple[str, str]:
    """Return this pod's name, perhaps with its domain behind it, and where it comes from; raises IdentityError."""
    for variable in (POD_NAME, HOSTNAME):
        name = env.get(variable)
        if name is not None:
            return name, variable.name
        unreadable = env.problems.about(variable.name)
        if unreadable:
            # A name that was given but cannot be read is no reason to become somebody else.
            raise IdentityError(*unreadable)
    return host.name, "host name"
