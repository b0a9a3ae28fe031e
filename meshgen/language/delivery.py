"""How the output gets into the clusters: the GitOps engine, and what it follows."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from meshgen.delivery import engine_names
from meshgen.language.base import ClusterName, Duration, Item, Label, Subdomain
from meshgen.language.dns import IMAGE

if TYPE_CHECKING:
    EngineName = str
else:
    EngineName = Literal[engine_names()]

REPOSITORY = r"^((https?|ssh|git|file)://[^\s]+|([^\s@:/]+@)?[^\s@:/]+:/?[^\s/][^\s]*|/[^\s]+)$"
"""A URL of Git, or the form of `scp` (git-clone(1), GIT URLS); what follows no such scheme and `//` is neither."""
RepositoryUrl = Annotated[str, Field(pattern=REPOSITORY, max_length=2048)]
REVISION = r"^[A-Za-z0-9_][-A-Za-z0-9_]*([./][-A-Za-z0-9_]+)*$"
Revision = Annotated[str, Field(pattern=REVISION, max_length=255)]
"""The name of a branch, a tag or a commit; narrower than git-check-ref-format(1)."""
Wave = Annotated[int, Field(ge=0, le=99)]


class DeliveryWave(Item):
    """What the clusters of one wave follow."""

    wave: Wave = Field(title="Wave", description="Its number, as clusters name it.", examples=[0])
    revision: Revision = Field(
        title="Revision",
        description="What its clusters follow instead of `revision`; somebody moves it when the wave before is well.",
        examples=["environments/canary"],
    )


class Gate(Item):
    """A Job in every cluster that asks the mesh for what the cluster calls, after each change of the cluster."""

    image: Annotated[str, Field(pattern=IMAGE, max_length=512)] = Field(
        title="Image",
        description="Image with `sh`, `awk` and `curl`, as the clusters reach it.",
        examples=["docker.io/curlimages/curl:8.16.0"],
    )
    namespace: Label = Field("meshgen-gate", title="Namespace", description="Namespace of its own.")
    timeout: Duration = Field(
        "5m",
        title="Timeout",
        description="How long it asks before the cluster is not well.",
    )


class Delivery(Item):
    """The GitOps engine that brings the output into the clusters."""

    engine: EngineName = Field(title="Engine", description="What syncs the clusters.")
    repo_url: RepositoryUrl = Field(
        alias="repoURL",
        title="Repository",
        description="URL of the Git repository that holds the output, as the engine reaches it.",
        examples=["https://git.example.com/mesh/fleet.git"],
    )
    revision: Revision = Field(
        "main", title="Revision", description="Branch of it that the engine follows.", examples=["main"]
    )
    path: Annotated[str, Field(max_length=1024)] = Field(
        "output", title="Path", description="Directory of the output in the repository; `.` for the repository itself."
    )
    namespace: Label | None = Field(
        None,
        title="Namespace",
        description="Namespace of the engine's own objects. Default: `argocd`, on `flux` `flux-system`.",
    )
    project: Label = Field(
        "meshgen",
        title="Project",
        description="What the engine's objects are called; on `argocd` the name of the AppProject, too.",
    )
    secret_name: Subdomain | None = Field(
        None,
        title="Secret",
        description="On `flux`: Secret in its namespace with what reads a private repository.",
        examples=["fleet-deploy-key"],
    )
    waves: list[DeliveryWave] = Field(
        [],
        title="Waves",
        description="Revisions of waves that follow their own. Absent: all follow `revision`, and the engine syncs "
        "one wave after the other.",
    )
    gate: Gate | None = Field(
        None,
        title="Gate",
        description="Asks the mesh whether a cluster is well, which Istio's objects do not say. Absent: nobody.",
    )
    application_set: bool = Field(
        True,
        title="Application set",
        description="On `argocd`: whether an ApplicationSet makes the Applications; else each is an object of its own.",
    )
    leaving: list[ClusterName] = Field(
        [],
        title="Leaving clusters",
        description="Clusters that the fleet has no more, and that the project permits until their objects are gone.",
    )
