"""Early pytest plugin: a PostgreSQL for the tests, before Django reads its settings.

With DATABASE_URL set, the tests run against that server; otherwise an embedded one is started in the
temporary folder and stops with the tests. It does without fsync: a test's rows need not survive a crash.
"""

import os
import tempfile
from pathlib import Path

from aria_site.database import EmbeddedServer

SCRATCH = Path(tempfile.gettempdir()) / f"aria-tests-{os.getuid()}"

os.environ["ARIA_DATA_DIR"] = str(SCRATCH)
os.environ.pop("ARIA_API_AUTH", None)
os.environ["ARIA_TOKEN_SECONDS"] = "0"  # rows come and go with each test
(SCRATCH / "static").mkdir(parents=True, exist_ok=True)  # WhiteNoise warns where it is missing, and a warning fails
if "DATABASE_URL" not in os.environ:
    EmbeddedServer(SCRATCH / "postgres", fsync="off", full_page_writes="off", max_connections="200").acquire()
