"""The cluster's certificates and kubeconfigs, made by trustme: one authority, one certificate for each user."""

import json

import trustme

from tests.kubernetes.local.cluster import CONTROL, DOMAIN, Cluster

_FIRST_SERVICE = "10.202.0.1"
"""The API server's own Service has the first address of the range."""


def make_certificates(cluster: Cluster) -> None:
    """Write all of them into the cluster's folder `pki`."""
    folder = cluster.path("pki")
    folder.mkdir()
    authority = trustme.CA(organization_name="cluster")
    authority.cert_pem.write_to_path(str(folder / "ca.crt"))
    names = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", f"kubernetes.default.svc.{DOMAIN}"]
    users: dict[str, tuple[list[str], str, str]] = {
        "apiserver": ([CONTROL, "127.0.0.1", _FIRST_SERVICE, *names], "kube-apiserver", "cluster"),
        "service-accounts": ([], "service-accounts", "cluster"),
        "admin": ([], "admin", "system:masters"),
        "controller-manager": ([], "system:kube-controller-manager", "cluster"),
        "scheduler": ([], "system:kube-scheduler", "cluster"),
        "proxy": ([], "system:kube-proxy", "cluster"),
    }
    users |= {node: ([], f"system:node:{node}", "system:nodes") for node in cluster.node_names}
    for user, (identities, common_name, organization) in users.items():
        # Go refuses an empty list of names, which trustme marks as critical.
        named = identities or [f"{user}.invalid"]
        issued = authority.issue_cert(*named, common_name=common_name, organization_name=organization)
        issued.cert_chain_pems[0].write_to_path(str(folder / f"{user}.crt"))
        issued.private_key_pem.write_to_path(str(folder / f"{user}.key"))
        cluster.kubeconfig(user).write_text(_kubeconfig(cluster, user), encoding="utf-8")


def _kubeconfig(cluster: Cluster, user: str) -> str:
    folder = cluster.path("pki")
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {
                    "name": "local",
                    "cluster": {"server": f"https://{CONTROL}:6443", "certificate-authority": str(folder / "ca.crt")},
                }
            ],
            "users": [
                {
                    "name": user,
                    "user": {
                        "client-certificate": str(folder / f"{user}.crt"),
                        "client-key": str(folder / f"{user}.key"),
                    },
                }
            ],
            "contexts": [{"name": "local", "context": {"cluster": "local", "user": user}}],
            "current-context": "local",
        }
    )
