"""`make quick`: the checks, and the tests of what has changed, in less than a minute."""
