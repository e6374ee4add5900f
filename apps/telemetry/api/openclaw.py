from django.http import HttpRequest
from ninja import Body, Router

from apps.core.api import answer
from apps.telemetry.openclaw import sources
from apps.telemetry.openclaw.entries import entries_of, rows_of
from apps.telemetry.openclaw.store import store
from apps.telemetry.schemas import openclaw as schemas

router = Router(tags=["Sessions"])
IMPORTED = "import_openclaw"


@router.get("/live", response=schemas.LiveSessions, summary="Sessions as the agent's gateway tells them now")
def live_sessions(request: HttpRequest):
    found = sources.live()
    error = {"error": found.error} if found.error else {}
    return answer({"sessions": found.sessions, "count": len(found.sessions), "source": found.source} | error)


@router.post("/sync-live", response=schemas.Synced, summary="Take over what the gateway tells now")
def sync_live(request: HttpRequest):
    """A session that was closed here stays closed, and its counters stay as they are."""
    return answer(sources.sync())


@router.post("/import-openclaw", response=schemas.Imported, summary="Take over sessions that are sent along")
def import_openclaw(request: HttpRequest, body: Body[schemas.Entries]):
    """A list of session objects, or an object with one under `sessions`. Those without an id are skipped."""
    entries = entries_of(body)
    return answer({"fetched": len(entries), "synced": store(rows_of(entries, IMPORTED)), "source": IMPORTED})
