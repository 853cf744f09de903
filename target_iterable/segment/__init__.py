"""Maps calls of the Segment spec to records of Iterable's objects. No requests are made here."""
