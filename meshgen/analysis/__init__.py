"""What follows from the fleet: facts of clusters, who spans, exposes and serves what, and why."""
