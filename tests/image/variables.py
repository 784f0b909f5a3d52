"""The variables of a container: what the manifest says of them, and what a pod gets."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tests.image.fields import Fields, UnsupportedError

FIELD_PATHS = frozenset({"metadata.name", "metadata.namespace", "status.podIP"})
"""What the downward API tells of a pod."""

REFERENCE = re.compile(r"\$(?:\$|\(([^)]*)\))")
"""``$(NAME)``, and ``$$``, which is a dollar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PodField:
    """A value of the downward API."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigMapKey:
    """A value of a ConfigMap."""

    config_map: str
    key: str
    is_optional: bool
    """Without it there is no variable, and no error either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One entry of `env`."""

    name: str
    source: str | PodField | ConfigMapKey
    """A text stands for itself, with references to variables before it."""


def read_variable(fields: Fields) -> Variable:
    """Return what an entry of `env` says."""
    name = fields.need("name", str)
    if "valueFrom" not in fields:
        return Variable(name=name, source=fields.take("value", str, default=""))
    source = fields.section("valueFrom")
    if "fieldRef" in source:
        reference = source.section("fieldRef")
        path = reference.need("fieldPath", str)
        if path not in FIELD_PATHS:
            raise UnsupportedError(f"{reference.where}.fieldPath is {path!r}")
        return Variable(name=name, source=PodField(path=path))
    reference = source.section("configMapKeyRef")
    key = ConfigMapKey(
        config_map=reference.need("name", str),
        key=reference.need("key", str),
        is_optional=reference.take("optional", bool, default=False),
    )
    return Variable(name=name, source=key)


def container_environ(
    variables: Iterable[Variable], fields: Mapping[str, str], config_maps: Mapping[str, Mapping[str, str]]
) -> dict[str, str]:
    """Return the variables as the kubelet would set them: sources followed, references expanded.

    UnsupportedError where one is given twice, and where the kubelet would wait for a ConfigMap or its key.
    """
    environ: dict[str, str] = {}
    for variable in variables:
        if variable.name in environ:
            raise UnsupportedError(f"{variable.name} is given twice")
        match variable.source:
            case str(text):
                environ[variable.name] = REFERENCE.sub(lambda match: _expanded(match, environ), text)
            case PodField(path=path):
                environ[variable.name] = fields[path]
            case ConfigMapKey(config_map=name, key=key, is_optional=is_optional):
                value = config_maps.get(name, {}).get(key)
                if value is not None:
                    environ[variable.name] = value
                elif not is_optional:
                    raise UnsupportedError(f"{variable.name}: ConfigMap {name} has no {key}, or is not there")
    return environ


def _expanded(match: re.Match[str], environ: Mapping[str, str]) -> str:
    return "$" if match[0] == "$$" else environ.get(match[1], match[0])
