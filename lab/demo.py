"""`python -m lab demo FLEET`: a fleet to play with."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import click

from lab.build import Parts
from lab.fleet import CLIENT_NAMESPACE, Lab
from lab.isolation import PARTS, WORK

if TYPE_CHECKING:
    from pathlib import Path


def run_demo(fleet: Path) -> None:
    """Boot a fleet, print who reaches what, and wait for Ctrl-C."""
    lab = Lab(Parts(PARTS))
    click.echo("booting ...", err=True)
    lab.boot(fleet)
    for host, port in sorted(_hosts(lab)):
        for cluster in lab.clusters:
            report = lab.send(cluster, f"http://{host}:{port}/", 10)
            answers = ", ".join(f"{name}: {n}" for name, n in report.by_cluster.items()) or "no answer"
            click.echo(f"{cluster} -> {host}:{port}  {answers}")
    enter = f"nsenter -t {os.getppid()} -n -m -p" if os.getppid() else "nsenter"
    client = f"{next(iter(lab.clusters))}.{CLIENT_NAMESPACE}.client"
    click.echo(f"\nto send requests, from another terminal (process {_outer_pid()}):")
    click.echo(f"  nsenter -t {_outer_pid()} -a ip netns exec {client} curl http://HOST:PORT/")
    click.echo(f"kubeconfigs: {WORK}/CLUSTER/kubeconfig (inside). Ctrl-C ends the lab; nothing is left of it.")
    del enter
    signal.sigwait([signal.SIGINT, signal.SIGTERM])


def _hosts(lab: Lab) -> set[tuple[str, int]]:
    return {
        (f"{service['name']}.{service['namespace']}.svc.cluster.local", port["port"])
        for facts in lab.facts.clusters.values()
        for service in facts.services
        for port in service["ports"]
    }


def _outer_pid() -> str:
    """Return the PID by which the outside knows this process."""
    return os.environ.get("MESHGEN_LAB_PID", "PID")
