"""A trial of the kit: a production network on this machine, made and broken by `deploy/try`."""
