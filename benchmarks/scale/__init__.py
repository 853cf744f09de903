"""Many processes over many projects: how they grow, and whether they stand being killed."""
