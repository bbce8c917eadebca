"""The command line of an InfraMind network: a client of its REST API."""

__version__ = "0.1.0"
