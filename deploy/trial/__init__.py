"""Trial of the deployment kit: `deploy/try` installs a production network here and kills its parts."""
