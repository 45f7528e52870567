"""The Northwind Commerce API."""

import json
import logging
import time
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

LOG = logging.getLogger(__name__)

MAX_ATTEMPTS = 5


class ApiError(Exception):
    """The API refused, or did not answer after several attempts."""


class Client:
    def __init__(self, api_url, api_key, page_size=100, sleep=time.sleep):
        self.api_url = api_url.rstrip("/")
        self.api_key = api_key
        self.page_size = page_size
        self.sleep = sleep

    def pages(self, path, params=None):
        """Yields the records of each page of a list, following its cursor."""
        query = dict(params or {}, limit=self.page_size)
        number = 0
        while True:
            number += 1
            body = self.get(path, query)
            records = body["data"]
            cursor = body.get("next_cursor")
            LOG.info("GET %s page %d: %d records, next_cursor %s", path, number, len(records), cursor)
            yield records
            if not cursor or len(records) < self.page_size:
                return
            query["cursor"] = cursor

    def get(self, path, query):
        url = "%s/%s?%s" % (self.api_url, path, urlencode(query))
        request = Request(url, headers={"Authorization": "Bearer " + self.api_key})
        for attempt in range(1, MAX_ATTEMPTS + 1):
            try:
                with urlopen(request, timeout=60) as response:
                    return json.load(response)
            except HTTPError as error:
                if error.code != 429 and error.code < 500:
                    raise ApiError("%d from /%s" % (error.code, path)) from error
                wait = float(error.headers.get("Retry-After") or 2**attempt)
                LOG.warning("%d from /%s, attempt %d, waiting %g s", error.code, path, attempt, wait)
                self.sleep(wait)
        raise ApiError("/%s did not answer after %d attempts" % (path, MAX_ATTEMPTS))
