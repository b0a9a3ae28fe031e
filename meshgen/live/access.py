"""Which cluster, and as whom: contexts of a kubeconfig, or the service account of the pod that this runs in."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meshgen.diagnostics.near import did_you_mean, near
from meshgen.live.api import Api
from meshgen.live.errors import CredentialsError, KubeconfigError, MissingLibraryError
from meshgen.live.plugins import failures_of_plugins

if TYPE_CHECKING:
    from collections.abc import Sequence

_IN_CLUSTER = "KUBERNETES_SERVICE_HOST"
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach a cluster of the fleet."""

    cluster: str
    """Its name in the fleet."""
    context: str = ""
    """The context of the kubeconfig; empty: the one that has the name of the cluster."""
    kubeconfig: str = ""
    """The file; empty: as kubectl finds it, by KUBECONFIG (several are merged) or in the home directory."""
    timeout: float = 30
    """Seconds that one request may take."""


def connect(access: Access) -> Api:
    """A reader of the cluster; nothing was asked yet, but a credential plugin may have run.

    In a pod without any kubeconfig that is its service account; there is no context to choose then. Which context
    happens to be the current one says nothing: facts of one cluster would be written down as those of another.
    Raises `MissingLibraryError`, `KubeconfigError`, `CredentialsError`.
    """
    try:
        from kubernetes.client import ApiClient, Configuration
        from kubernetes.config import ConfigException
        from yaml import YAMLError
    except ModuleNotFoundError as error:
        raise MissingLibraryError(
            f"reading a cluster needs the library `kubernetes`, and `{error.name}` is not installed",
            "Install meshgen with it: `pip install 'meshgen[live]'`.",
        ) from None
    configuration = Configuration()
    try:
        context = _configure(configuration, access)
    except (ConfigException, YAMLError, OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        # The library takes the form of the file for granted: what is no mapping or list raises any of these.
        known = isinstance(error, ConfigException | YAMLError | OSError)
        what = " ".join(str(error).split()) if known else f"{type(error).__name__}: {error}"
        raise KubeconfigError(
            f"the kubeconfig {_named(access)} cannot be used: {what}",
            "Check it with `kubectl config view`, or name another file with `--kubeconfig`.",
        ) from None
    configuration.retries = False
    return Api(ApiClient(configuration), context, access.timeout)


def _configure(configuration: Any, access: Access) -> str:
    """Fills in the library's `configuration`; the context that was chosen, empty in a pod."""
    from kubernetes.config import load_incluster_config
    from kubernetes.config.kube_config import KubeConfigLoader, KubeConfigMerger

    paths = access.kubeconfig or os.environ.get("KUBECONFIG") or "~/.kube/config"
    found = [path for path in paths.split(os.pathsep) if path and Path(path).expanduser().exists()]
    if not found and os.environ.get(_IN_CLUSTER) and not (access.kubeconfig or access.context):
        load_incluster_config(configuration)
        return ""
    if not found:
        raise KubeconfigError(
            f"there is no kubeconfig {_named(access)}", "Name the file with `--kubeconfig`, or set KUBECONFIG."
        )
    merged = KubeConfigMerger(os.pathsep.join(found)).config
    contexts = {str(each["name"]): each["context"] for each in merged.value.get("contexts") or []}
    wanted = access.context or access.cluster
    if wanted not in contexts:
        raise _unknown(access, wanted, sorted(contexts))
    user = contexts[wanted].safe_get("user")
    for each in merged.value.get("users") or []:
        if each["name"] == user and "auth-provider" in (each.safe_get("user") or {}):
            # The library renews tokens of these without checking the issuer's certificate.
            raise KubeconfigError(
                f"the user `{user}` of the kubeconfig has an `auth-provider`, which meshgen does not use",
                "Give the user a credential plugin (`exec`) instead, as `kubectl oidc-login` sets it up.",
            )
    # Nothing is written: renewed tokens stay here.
    loader = KubeConfigLoader(config_dict=merged, active_context=wanted, config_base_path=None)
    with failures_of_plugins() as failures:
        loader.load_and_set(configuration)
    if failures:
        raise CredentialsError(
            f"the credential plugin of the context `{wanted}` failed: {failures[0]}",
            f"Try `kubectl --context {wanted} get namespaces`: it runs the same plugin.",
        )
    return wanted


def _named(access: Access) -> str:
    if access.kubeconfig:
        return f"`{access.kubeconfig}`"
    named = os.environ.get("KUBECONFIG")
    return f"`{named}` (KUBECONFIG)" if named else "`~/.kube/config`"


def _unknown(access: Access, wanted: str, known: Sequence[str]) -> KubeconfigError:
    shown = ", ".join(f"`{name}`" for name in known[:_SHOWN]) + (", …" if len(known) > _SHOWN else "")
    has = f"it has {shown}" if known else "it has none"
    if access.context:
        help_ = did_you_mean(near(wanted, known)) or f"Name one that it has: {shown}." if known else "Add the context."
        return KubeconfigError(f"the kubeconfig {_named(access)} has no context `{wanted}`", help_)
    return KubeconfigError(
        f"the kubeconfig {_named(access)} has no context with the name of the cluster, `{wanted}`",
        f"Name the context of the cluster with `--context`; {has}.",
    )
