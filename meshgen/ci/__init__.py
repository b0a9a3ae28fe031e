"""What a pipeline does beside building: tell a pull request what its change does, and commit the output.

A forge hosts the repository and runs its pipelines. What differs between forges stands in `forges`, one module each.
"""
