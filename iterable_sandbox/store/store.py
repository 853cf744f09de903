"""A project in SQLite, in a file or in memory."""

from __future__ import annotations

from iterable_api.facts.identity import ProjectType
from iterable_sandbox.store.sql.database import Database
from iterable_sandbox.store.tables.catalogs import Catalogs
from iterable_sandbox.store.tables.deliveries import Deliveries
from iterable_sandbox.store.tables.events import Events
from iterable_sandbox.store.tables.export_files import ExportFiles
from iterable_sandbox.store.tables.fields import Fields
from iterable_sandbox.store.tables.forgotten import Forgotten
from iterable_sandbox.store.tables.lists import Lists
from iterable_sandbox.store.tables.metadata import Metadata
from iterable_sandbox.store.tables.resources import Resources
from iterable_sandbox.store.tables.scheduled import Schedule
from iterable_sandbox.store.tables.users import Users

__all__ = ["Store"]


class Store:
    """All tables of one project. `path` is a file or `:memory:`."""

    def __init__(self, path: str = ":memory:") -> None:
        self.database = Database(path)
        self.users = Users(self.database)
        self.events = Events(self.database)
        self.deliveries = Deliveries(self.database)
        self.forgotten = Forgotten(self.database)
        self.schedule = Schedule(self.database)
        self.lists = Lists(self.database)
        self.catalogs = Catalogs(self.database)
        self.resources = Resources(self.database)
        self.metadata = Metadata(self.database)
        self.fields = Fields(self.database)
        self.export_files = ExportFiles(self.database)

    def project_type(self, requested: ProjectType | None = None) -> ProjectType:
        """Type of the project, which never changes. A new project gets the requested type, or e-mail.

        Raises:
            ValueError: the project is not of the requested type.
        """
        row = self.database.row("SELECT value FROM project WHERE name = 'projectType'")
        fixed = ProjectType(row[0]) if row else requested or ProjectType.EMAIL
        if requested not in (None, fixed):
            raise ValueError(f"the project in it is of the type {fixed}, not {requested}")
        if row is None:
            self.database.write("INSERT INTO project VALUES ('projectType', ?)", (fixed,))
        return fixed

    def close(self) -> None:
        """Close the database."""
        self.database.close()
