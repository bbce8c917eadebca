"""`python -m inframind.supervisor`: start the servers and every process of the site, and stop them in order."""

import sys

from inframind.supervisor.main import main

if __name__ == "__main__":
    sys.exit(main())
