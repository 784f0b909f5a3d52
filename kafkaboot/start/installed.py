"""Which Kafka is installed, and warnings about it beside what the environment says."""

from collections.abc import Iterable

from kafkaboot.config.settings import Settings
from kafkaboot.values.knobs import HOME, VERSION
from kafkaboot.values.version import Version, find_version
from zkboot.pod.environ import EnvReader
from zkboot.pod.errors import BootError, FileError
from zkboot.pod.reads import list_directory

_CONFLUENT_CLASS = "io.confluent."
"""How the classes of Confluent Platform are called, which Apache's Kafka lacks: it would end when it loads one."""

_OF_CONFLUENT = ("-ccs.jar", "-ce.jar")


def advice_on_version(settings: Settings, version: Version) -> Iterable[str]:
    """Yield warnings about a *version* that is not Apache's count, or not that of the installation."""
    libs = f"{settings.home}/libs"
    if version.platform:
        subject = f"{VERSION.name}={settings.stated_version}" if settings.version is not None else libs
        yield f"{subject} is Confluent Platform {version.platform}, taken for what it is made of, Kafka {version}"
    try:
        installed = find_version(list_directory(libs))
    except (BootError, ValueError):
        return
    # A version of Confluent Platform says the line of its Kafka only.
    is_one_line = bool(version.platform or installed.platform) and installed.numbers[:2] == version.numbers[:2]
    if version != installed and not is_one_line:
        yield f"{VERSION.name}={version}, but {libs} holds Kafka {installed}: the former counts"


def advice_on_classes(settings: Settings) -> Iterable[str]:
    """Yield which values name classes of Confluent's own, where the installation has none of them."""
    named = [given.variable for given in settings.given.values() if _CONFLUENT_CLASS in given.value.text]
    try:
        installed = list_directory(f"{settings.home}/libs")
    except FileError:
        return
    if named and installed and not any("confluent" in name or name.endswith(_OF_CONFLUENT) for name in installed):
        subject = ", ".join(sorted(named))
        yield f"{subject}: classes of Confluent Platform, which {settings.home}/libs does not hold: unset, or add them"


def installed_version(env: EnvReader, settings: Settings) -> Version | None:
    """Return the version whose jar is installed; notes in *env* why there is none, unless one is stated."""
    libs = f"{settings.home}/libs"
    try:
        return find_version(list_directory(libs))
    except (BootError, ValueError) as error:
        reason = str(error) if isinstance(error, BootError) else f"{libs} {error}"
        if not env.is_set(VERSION):
            env.problems.note(
                f"the version of Kafka is unknown, {reason}: set {VERSION.name}, or {HOME.name} to where Kafka is"
            )
        return None
