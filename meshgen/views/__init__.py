"""What `show` and `explain` say about a plan. They read the plan, never the YAML."""
