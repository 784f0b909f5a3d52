"""What a start says and shows: the files as they would be written, and what was decided; secrets masked."""

from collections.abc import Collection
from dataclasses import replace

from kafkaboot.start.edit import edit
from kafkaboot.start.masking import masked
from kafkaboot.start.plan import Plan
from zkboot.pod.secret import MASK

_SUMMARY_KEYS = (
    "process.roles",
    "node.id",
    "broker.id",
    "controller.quorum.voters",
    "controller.quorum.bootstrap.servers",
    "zookeeper.connect",
    "port",
    "advertised.host.name",
    "listeners",
    "advertised.listeners",
)


def preview(plan: Plan) -> bytes:
    """Return the files as they would be written, secrets masked, each under its path."""
    entries = plan.config.entries
    secrets = {key: value for key, value in entries.items() if key in plan.secret_keys}
    shown = {**entries, **dict.fromkeys(secrets, MASK)}
    text = edit(masked(plan.base, secrets), shown, plan.config.disabled)
    shown_file = replace(plan.file, text=text)
    return b"\n".join(
        f"==> {file.path} (mode {file.mode:04o})\n".encode() + file.content
        for file in (*plan.jvm.files, *(plan.stores.masked().files if plan.stores is not None else ()), shown_file)
    )


def summary(plan: Plan, written: Collection[str]) -> str:
    """Return what was decided, secrets masked, and which of the files changed."""
    settled = {key: value for key in _SUMMARY_KEYS if (value := plan.config.effective.get(key)) is not None}
    settled["log.dirs"] = ",".join(plan.config.log_dirs)
    secrets = plan.settings.secret_keys
    given = {key: MASK if key in secrets else value.text for key, value in plan.config.given.items()}
    lines = [
        f"POD_NAME={plan.broker.pod.pod_name}",
        f"KF_VERSION={plan.version}",
        f"KF_MODE={plan.mode}",
        *(f"{key}={value}" for key, value in (settled | given).items()),
        *(f"{name}={value}" for name, value in plan.jvm.server.items()),
        *(f"{'Wrote' if file.path in written else 'Unchanged'} {file.path}" for file in plan.files),
    ]
    return "".join(f"{line}\n" for line in lines)
