"""What a start says: the files that it would write, or the settings and files that it has written."""

from collections.abc import Iterable
from dataclasses import replace

from zkboot.plan import Plan, rendered_files
from zkboot.pod.fields import declared
from zkboot.pod.secret import MASK
from zkboot.sasl import sasl_keys
from zkboot.settings import SERVER_HEAP
from zkboot.tls import tls_keys


def preview(plan: Plan) -> str:
    """Return every file as it would be written, secrets masked, each under its path."""
    masked = [f"==> {file.path} (mode {file.mode:04o})\n{file.text}" for file in rendered_files(_masked(plan))]
    return "\n".join(masked)


def summary(plan: Plan, written: list[str]) -> str:
    """Return what the original prints, less its mistakes: the settings, the ensemble, the files."""
    settings, member = plan.settings, plan.member
    lines = [
        f"ZK_REPLICAS={len(member.ensemble.servers)}",
        f"MY_ID={member.server_id}",
        f"ZK_LOG_LEVEL={settings.log_level}",
        *_shown_settings(plan),
        *(f"zoo.cfg {key}={value}" for key, value in _generated(plan).items()),
        *(f"zoo.cfg {key}={MASK if key in settings.secret_keys else value}" for key, value in settings.extra.items()),
    ]
    if plan.choice.entry is not None:
        lines.append(f"ZK_QUORUM_ENTRY={plan.choice.entry.kind} ({plan.choice.entry.reason})")
    if plan.choice.list_path is not None:
        members = plan.choice.members
        lines.append(f"ENSEMBLE of {plan.choice.list_path}")
        lines += [f"server.{server_id}={row}" for server_id, row in (members.rows if members else {}).items()]
    elif not member.is_alone:
        lines += ["ENSEMBLE", *(f"server.{server.server_id}={server}" for server in member.ensemble.servers)]
    lines += [f"{'Wrote' if file.path in written else 'Unchanged'} {file.path}" for file in plan.files]
    return "".join(f"{line}\n" for line in lines)


def _shown_settings(plan: Plan) -> Iterable[str]:
    """Yield the variables that a start says, with their values."""
    for name, one in declared(plan.settings).items():
        if name == "heap":
            elsewhere = "is left to ZooKeeper's scripts"
            yield f"{one.variable.name}={plan.heap}" if plan.heap is not None else f"{SERVER_HEAP} {elsewhere}"
        elif one.is_shown and (value := getattr(plan.settings, name)) is not None:
            yield f"{one.variable.name}={one.variable.show(value)}"


def _generated(plan: Plan) -> dict[str, str]:
    """Return the keys that TLS and logins have made, less those that the operator sets."""
    keys = tls_keys(plan.settings, plan.member, plan.stores) if plan.stores else {}
    keys |= sasl_keys(plan.settings, plan.member)
    return {key: value for key, value in keys.items() if key not in plan.settings.extra}


def _masked(plan: Plan) -> Plan:
    settings = plan.settings
    shown = {key: MASK if key in settings.secret_keys else value for key, value in settings.extra.items()}
    stores = plan.stores and plan.stores.masked()
    logins = plan.logins and plan.logins.masked()
    masked = replace(plan, settings=replace(settings, extra=shown), stores=stores, logins=logins)
    return replace(masked, password=plan.password and MASK)
