"""A fleet to play with: boots it, shows who reaches what, stays."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import click

from lab.build import Parts
from lab.fleet import CLIENT_NAMESPACE, Lab
from lab.isolation import PARTS, outer_pid
from lab.workloads import urls

if TYPE_CHECKING:
    from pathlib import Path

    from lab.load import Report


def run_demo(fleet: Path) -> None:
    """Boot a fleet, print who reaches what, and wait for Ctrl-C."""
    signal.signal(signal.SIGINT, lambda *_: os._exit(0))
    parts = Parts(PARTS)
    lab = Lab(parts)
    click.echo(f"booting {fleet} on Istio {parts.istio_version} ...", err=True)
    lab.boot(fleet)
    if lab.facts.platform != "istio":
        click.echo("no Tetrate operator runs here: the lab made the gateways from the emitted objects alone", err=True)
    targets = sorted(_targets(lab))
    width = max((len(target) for target in targets), default=0)
    for target in targets:
        for cluster in lab.clusters:
            click.echo(f"{cluster} -> {target:{width}}  {_answers(lab.send(cluster, target, 10))}")
    cluster = next(iter(lab.clusters))
    enter = f"nsenter -t {outer_pid()} -m -n"
    client = f"{enter} ip netns exec {cluster}.{CLIENT_NAMESPACE}.client curl -s"
    click.echo("\nSend requests from another terminal, as root:")
    click.echo(f"  {client} {next((t for t in targets if t.startswith('http:')), 'http://HOST:PORT/')}")
    click.echo("Look at a proxy:")
    click.echo(f"  {client} 127.0.0.1:15000/clusters")
    click.echo("Look at a cluster:")
    kubeconfig = lab.clusters[cluster].directory / "kubeconfig"
    click.echo(f"  {enter} {parts.binary('kubectl')} --kubeconfig {kubeconfig} get serviceentries -A")
    click.echo("Ctrl-C ends the lab; nothing of it stays.")
    signal.pause()


def _targets(lab: Lab) -> set[str]:
    return {url for facts in lab.facts.clusters.values() for service in facts.services for url in urls(service)}


def _answers(report: Report) -> str:
    return ", ".join(f"{name} {number}" for name, number in report.by_cluster.items()) or "no answer"
