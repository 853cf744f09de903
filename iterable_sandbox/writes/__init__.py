"""What writing does to a project. The routes read requests and shape answers; the effects are here."""
