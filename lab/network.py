"""The network of the lab: a router with a bridge per cluster, namespaces on it, load balancer addresses."""

from __future__ import annotations

import contextlib
import ctypes
import ipaddress
import os
import select
import signal
import subprocess
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.dns import Zone, serve
from lab.isolation import WORK
from lab.relay import Relay

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)

RESOLVER = "10.255.0.53"


class Namespace:
    """A network namespace with one interface, on the bridge of its cluster."""

    def __init__(self, name: str, address: str) -> None:
        self.name = name
        self.address = address
        self._processes: list[subprocess.Popen[bytes]] = []

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """Let the calling thread open sockets and start processes in this namespace."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        there = os.open(f"/run/netns/{self.name}", os.O_RDONLY)
        try:
            _setns(there)
            yield
        finally:
            _setns(home)
            os.close(there)
            os.close(home)

    def run(self, *command: str) -> str:
        """Run to its end; raises `subprocess.CalledProcessError`."""
        with self.entered():
            return run(*command)

    def start(
        self,
        command: Sequence[str],
        *,
        log: Path,
        user: int | None = None,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start a process whose output goes to `log`."""
        as_user: dict[str, Any] = {} if user is None else {"user": user, "group": user, "extra_groups": []}
        with self.entered(), log.open("ab") as output:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=cwd, env=env, **as_user
            )
        self._processes.append(process)
        return process

    def cut(self) -> None:
        """Take the interface down: packets vanish in both directions, nothing is reset."""
        run("ip", "-n", self.name, "link", "set", "eth0", "down")

    def delete(self) -> None:
        """Kill what runs here, whoever started it, and remove the namespace."""
        found = map(int, run("ip", "netns", "pids", self.name).split())
        kill(process for process in found if process != os.getpid())
        for process in self._processes:
            process.wait()
        # The kernel takes its time to remove a namespace, and the interface with it.
        run("ip", "-n", self.name, "link", "delete", "eth0")
        run("ip", "netns", "delete", self.name)


@dataclass
class Network:
    """The router. There is one, in the namespace that the lab itself runs in."""

    _addresses: dict[int, count[int]] = field(default_factory=dict)
    _hosts: dict[str, str] = field(default_factory=dict)
    zone: Zone = field(default_factory=Zone)

    def __post_init__(self) -> None:
        run("ip", "address", "add", f"{RESOLVER}/32", "dev", "lo")
        self._server = serve(self.zone, RESOLVER)
        Path("/proc/sys/net/ipv4/ip_forward").write_text("1", encoding="ascii")
        (WORK / "resolv.conf").write_text(f"nameserver {RESOLVER}\noptions ndots:1\n", encoding="ascii")
        iptables("-P", "FORWARD", "DROP")
        # Clusters reach each other through load balancer addresses only.
        iptables("-A", "FORWARD", "-m", "conntrack", "--ctstate", "ESTABLISHED,RELATED,DNAT", "-j", "ACCEPT")

    def close(self) -> None:
        """Undo everything; the namespaces are gone by now."""
        for cluster in self._addresses:
            run("ip", "link", "delete", f"br{cluster}")
        iptables("-F")
        iptables("-t", "nat", "-F")
        iptables("-t", "nat", "-X")
        iptables("-t", "raw", "-F")
        run("ip", "address", "flush", "dev", "lo", "scope", "global")
        self._server.shutdown()
        self._server.server_close()

    def add_bridge(self, cluster: int) -> None:
        """Make the network 10.<cluster>.0.0/16 with the router at .0.1."""
        bridge = f"br{cluster}"
        run("ip", "link", "add", bridge, "type", "bridge")
        Path(f"/proc/sys/net/ipv4/conf/{bridge}/send_redirects").write_text("0", encoding="ascii")
        run("ip", "address", "add", f"10.{cluster}.0.1/16", "dev", bridge)
        run("ip", "link", "set", bridge, "up")
        iptables("-A", "FORWARD", "-i", bridge, "-o", bridge, "-j", "ACCEPT")
        # A pod may call a load balancer of its own cluster: the answer has to come back through the router.
        inside = ["-s", f"10.{cluster}.0.0/16", "-d", f"10.{cluster}.0.0/16"]
        iptables("-t", "nat", "-A", "POSTROUTING", *inside, "-m", "conntrack", "--ctstate", "DNAT", "-j", "MASQUERADE")
        self._addresses[cluster] = count(2)

    def add_namespace(self, cluster: int, name: str) -> Namespace:
        address = str(ipaddress.IPv4Address(f"10.{cluster}.0.0") + next(self._addresses[cluster]))
        link = f"v{int(ipaddress.IPv4Address(address)):x}"
        run("ip", "netns", "add", name)
        run("ip", "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", name)
        run("ip", "link", "set", link, "master", f"br{cluster}", "up")
        run("ip", "-n", name, "link", "set", "lo", "up")
        run("ip", "-n", name, "address", "add", f"{address}/16", "dev", "eth0")
        run("ip", "-n", name, "link", "set", "eth0", "up")
        run("ip", "-n", name, "route", "add", "default", "via", f"10.{cluster}.0.1")
        return Namespace(name, address)

    def add_host(self, name: str, address: str) -> None:
        self._hosts[name] = address
        lines = ["127.0.0.1 localhost", *(f"{a} {n}" for n, a in self._hosts.items())]
        (WORK / "hosts").write_text("\n".join(lines) + "\n", encoding="ascii")


class LoadBalancerAddress:
    """One address of a load balancer: connections to its ports go to gateway pods in turn."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._chain = f"LB-{address}"
        self._fault: list[str] = []
        self._backends: dict[int, Sequence[tuple[str, int]]] = {}
        self._relay: Relay | None = None
        run("ip", "address", "add", f"{address}/32", "dev", "lo")
        iptables("-t", "nat", "-N", self._chain)
        for hook in ("PREROUTING", "OUTPUT"):
            iptables("-t", "nat", "-A", hook, "-d", address, "-p", "tcp", "-j", self._chain)

    def route(self, backends: Mapping[int, Sequence[tuple[str, int]]]) -> None:
        """Send new connections to port → (pod address, pod port); no backends, no answer."""
        if self._backends == backends:
            return
        self._backends = dict(backends)
        iptables("-t", "nat", "-F", self._chain)
        for port, pods in backends.items():
            for left, (pod, target) in zip(range(len(pods), 0, -1), pods, strict=True):
                turn = ["-m", "statistic", "--mode", "nth", "--every", str(left), "--packet", "0"]
                rule = ["-p", "tcp", "--dport", str(port), *(turn if left > 1 else [])]
                goal = ["-j", "DNAT", "--to-destination", f"{pod}:{target}"]
                iptables("-t", "nat", "-A", self._chain, *rule, *goal)

    def refuse(self) -> None:
        """Reset connections, those that exist too."""
        # Packets that are not translated reach the router itself, where nobody listens.
        self._break("-t", "raw", "PREROUTING", "-d", self.address, "-p", "tcp", "-j", "CT", "--notrack")

    def silence(self) -> None:
        """Drop every packet, those of existing connections too; nobody is told."""
        match = ["-m", "conntrack", "--ctorigdst", self.address]
        self._break("-t", "filter", "FORWARD", "-p", "tcp", *match, "-j", "DROP")

    def slow(self, port: int, seconds: float) -> None:
        """Hold back what callers send on new connections to a port."""
        self.restore()
        self._relay = Relay(RESOLVER, self._backends[port][0], seconds)
        goal = ["-j", "DNAT", "--to-destination", f"{RESOLVER}:{self._relay.port}"]
        self._break("-t", "nat", self._chain, "-p", "tcp", "--dport", str(port), *goal)

    def restore(self) -> None:
        if self._relay and self._fault:
            self._relay.close()
            self._relay = None
        if self._fault:
            option, table, *rule = self._fault
            iptables(option, table, "-D", *rule)
            self._fault = []

    def _break(self, *fault: str) -> None:
        if self._fault:
            self.restore()
        option, table, *rule = fault
        iptables(option, table, "-I", *rule)
        self._fault = list(fault)


def kill(processes: Iterable[int]) -> None:
    """Kill processes, also those of other parents, and wait until they are gone, sockets included."""
    descriptors = []
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            descriptors.append(os.pidfd_open(process))
            os.kill(process, signal.SIGKILL)
    for descriptor in descriptors:
        select.select([descriptor], [], [])
        # The lab is the first process of its namespace, so orphans are its children.
        with contextlib.suppress(ChildProcessError):
            os.waitid(os.P_PIDFD, descriptor, os.WEXITED | os.WNOHANG)
        os.close(descriptor)


def run(*command: str) -> str:
    """Run to its end and return what it prints; raises `subprocess.CalledProcessError`."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)
    return done.stdout


def iptables(*arguments: str) -> None:
    run("iptables", "-w", *arguments)


def _setns(descriptor: int) -> None:
    if _libc.setns(descriptor, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")
