"""A project that lives while it is served: sends, opens, clicks and purchases, one after another."""
