"""The stand-in for AWS; endpoint and credentials of a client come from the environment (AWS_ENDPOINT_URL, …).

python tools/dns/stand_in.py serve PORT     serves it on 127.0.0.1 until it is ended
python tools/dns/stand_in.py create ZONE    makes an empty zone
python tools/dns/stand_in.py show           prints {"zones": {name: record sets}, "healthChecks": […]}, as its API says
"""

from __future__ import annotations

import json
import sys

import boto3


def serve(port: str) -> None:
    from moto.core.responses import ActionResult
    from moto.route53.responses import Route53
    from moto.server import main

    def list_health_checks(self: Route53) -> ActionResult:
        """Moto leaves out the fields that say that this is all; AWS always has them, and OctoDNS reads them."""
        return ActionResult(
            {"HealthChecks": self.backend.list_health_checks(), "IsTruncated": False, "MaxItems": 100, "Marker": ""}
        )

    Route53.list_health_checks = list_health_checks
    main(["-H", "127.0.0.1", "-p", port])


def create(zone: str) -> None:
    boto3.client("route53").create_hosted_zone(Name=zone, CallerReference=zone)


def show() -> None:
    route53 = boto3.client("route53")
    zones = {
        zone["Name"].removesuffix("."): [
            found
            for page in route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone["Id"])
            for found in page["ResourceRecordSets"]
        ]
        for page in route53.get_paginator("list_hosted_zones").paginate()
        for zone in page["HostedZones"]
    }
    checks = [
        found for page in route53.get_paginator("list_health_checks").paginate() for found in page["HealthChecks"]
    ]
    json.dump({"zones": zones, "healthChecks": checks}, sys.stdout)


{"serve": serve, "create": create, "show": show}[sys.argv[1]](*sys.argv[2:])
