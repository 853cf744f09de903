"""Events in the shapes of other systems: rows and schemas as Segment and Heap have them."""
