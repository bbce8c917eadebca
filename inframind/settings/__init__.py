"""Settings of the network that INFRAMIND_NETWORK names."""

from inframind.environment import load

if load()["INFRAMIND_NETWORK"] == "production":
    from .production import *
else:
    from .devnet import *
