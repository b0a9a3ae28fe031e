"""What the directories of a fleet may hold, so that each team writes what is its own."""

from typing import Annotated, Literal

from pydantic import Field

from meshgen.language.base import Item

DIRECTORY = r"^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$"
WORKSPACES = r"^([a-z0-9][-a-z0-9]*)?\*?$"
DirectoryPath = Annotated[str, Field(pattern=DIRECTORY, max_length=1024)]
"""A path below the directory of the fleet; `.` is that directory."""
WorkspacePattern = Annotated[str, Field(pattern=WORKSPACES, min_length=1, max_length=64)]
"""A name of workspaces; `*` stands alone or at the end."""


class FleetDirectory(Item):
    """What stands below one directory of the fleet."""

    path: DirectoryPath = Field(
        title="Path",
        description="The directory, or a file, below that of the fleet; `.` for all of it. The longest one counts.",
        examples=["teams/bookinfo"],
    )
    kinds: list[Literal["Fleet", "Cluster", "Gateway", "Workspace", "PublishedHost", "Inventory"]] | None = Field(
        None,
        title="Kinds",
        description="What may be defined there, as a document or in a list of one. Absent: everything.",
        examples=[["Workspace", "PublishedHost"]],
    )
    workspaces: list[WorkspacePattern] | None = Field(
        None,
        title="Workspaces",
        description="Which workspaces may be defined there, and whose hosts published; `*` stands alone or at the end. "
        "Absent: all.",
        examples=[["bookinfo"], ["shop-*"]],
    )
