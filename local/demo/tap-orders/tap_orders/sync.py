"""From the API to Singer messages."""

import json
import logging

from tap_orders import messages
from tap_orders.streams import STREAMS

LOG = logging.getLogger(__name__)


def sync(client, config, catalog=None, state=None, write=messages.write):
    """Syncs the selected streams and writes a STATE after each incremental one."""
    bookmarks = dict((state or {}).get("bookmarks", {}))
    for stream in STREAMS:
        if catalog is None or is_selected(catalog, stream.name):
            sync_stream(client, config, stream, bookmarks, write)
    write(messages.state({"bookmarks": bookmarks}))


def sync_stream(client, config, stream, bookmarks, write):
    key = stream.replication_key
    since = bookmarks.get(stream.name, {}).get(key) or config.get("start_date")
    params = {"updated_since": since} if key and since else {}
    count = 0
    write(messages.schema(stream))
    for page in client.pages(stream.name, params):
        for row in page:
            write(messages.record(stream, row))
            if key and (not since or row[key] > since):
                since = row[key]
        count += len(page)
    if key and since:
        # Pages come in the order of ids, so the newest change is known only after the last one.
        bookmarks[stream.name] = {key: since}
        write(messages.state({"bookmarks": dict(bookmarks)}))
    metric = {"type": "counter", "metric": "record_count", "value": count, "tags": {"endpoint": stream.name}}
    LOG.info("METRIC: %s", json.dumps(metric))


def is_selected(catalog, name):
    for entry in catalog["streams"]:
        if entry["tap_stream_id"] == name:
            roots = [part["metadata"] for part in entry.get("metadata", []) if not part["breadcrumb"]]
            return all(root.get("selected", True) for root in roots)
    return False
