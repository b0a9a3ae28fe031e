"""What shows that a Service keeps data of its own, so that its copies are no copies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.protocols import HTTP_FAMILY, protocol_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.language.inventory import ObservedService, ServicePort

_PROTOCOLS = {"MONGO": "MongoDB", "MYSQL": "MySQL", "REDIS": "Redis"}
_NUMBERS = {
    1433: "SQL Server",
    1521: "Oracle",
    2181: "ZooKeeper",
    2379: "etcd",
    3306: "MySQL",
    5432: "PostgreSQL",
    5672: "AMQP",
    6379: "Redis",
    7687: "Neo4j",
    9042: "Cassandra",
    9092: "Kafka",
    26257: "CockroachDB",
    27017: "MongoDB",
}
_HTTP_NUMBERS = {5984: "CouchDB", 8086: "InfluxDB", 9200: "Elasticsearch"}
_BY_NUMBER = {**_NUMBERS, **_HTTP_NUMBERS}
_WORDS = {
    "amqp": "AMQP",
    "cassandra": "Cassandra",
    "cql": "Cassandra",
    "etcd": "etcd",
    "kafka": "Kafka",
    "mariadb": "MySQL",
    "mongo": "MongoDB",
    "mongodb": "MongoDB",
    "mssql": "SQL Server",
    "mysql": "MySQL",
    "pgsql": "PostgreSQL",
    "postgres": "PostgreSQL",
    "postgresql": "PostgreSQL",
    "redis": "Redis",
    "zookeeper": "ZooKeeper",
}
_BESIDE_DATA = frozenset({"exporter", "http", "metrics", "monitoring"})


def sign_of_store(service: ObservedService) -> str | None:
    """What shows that `service` keeps data: a StatefulSet, or a port that speaks as a store does; None: nothing."""
    if "StatefulSet" in (service.workloads or ()):
        return "its pods are a StatefulSet's"
    for port in service.ports:
        spoken = _spoken(port)
        if spoken is not None:
            return f"port {port.port} speaks {spoken}"
    return None


def _spoken(port: ServicePort) -> str | None:
    protocol = protocol_of(port)
    if protocol in _PROTOCOLS:
        return _PROTOCOLS[protocol]
    if protocol in HTTP_FAMILY:
        return _HTTP_NUMBERS.get(port.port)
    words = (port.name or "").split("-")
    if not _BESIDE_DATA.isdisjoint(words):
        return None
    by_word = next((_WORDS[word] for word in words if word in _WORDS), None)
    return by_word or next((_BY_NUMBER[number] for number in _numbers(port) if number in _BY_NUMBER), None)


def _numbers(port: ServicePort) -> Iterator[int]:
    """The port's number, and those on which its pods listen."""
    yield port.port
    if isinstance(port.target_port, int):
        yield port.target_port
    yield from port.container_ports or ()
