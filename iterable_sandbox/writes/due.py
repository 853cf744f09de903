"""What happens by itself as time passes."""

from __future__ import annotations

from iterable_sandbox.project.project import Project
from iterable_sandbox.writes import sends


def settle(project: Project) -> None:
    """Apply the writes and send the messages whose time has come. Every request begins with this."""
    project.pipelines.settle()
    sends.deliver_due(project)
