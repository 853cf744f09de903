"""Records turned into operations many at a time, as long as nothing about them is out of the ordinary."""
