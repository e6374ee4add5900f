from typing import Any

import orjson
from django.db import connection

# Of each (platform, post_id) the newest stays. post_id has been unique for long, so that only a warehouse
# which lost that constraint holds any.
DEDUPE = """
WITH placed AS (
    SELECT id, platform, post_id, posted_at,
           row_number() OVER (PARTITION BY platform, post_id ORDER BY posted_at DESC, id DESC) AS place
      FROM social_posts WHERE post_id IS NOT NULL AND coalesce(platform = %(platform)s, true)
), extra AS (
    SELECT id, platform, post_id, posted_at FROM placed WHERE place > 1
), gone AS (
    DELETE FROM social_posts WHERE id IN (SELECT id FROM extra) AND NOT %(dry_run)s RETURNING id
)
SELECT (SELECT count(*) FROM extra), (SELECT count(*) FROM gone),
       (SELECT coalesce(json_agg(s), '[]') FROM (SELECT * FROM extra ORDER BY posted_at DESC, id LIMIT 10) AS s)::text
"""


def dedupe(platform: str | None, *, dry_run: bool) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(DEDUPE, {"platform": platform or None, "dry_run": dry_run})
        found, deleted, samples = cursor.fetchone()
    return {"dry_run": dry_run, "duplicates_found": found, "deleted": deleted, "samples": orjson.loads(samples)}
