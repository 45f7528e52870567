import unittest

from tap_orders.client import ApiError, Client
from tests.fake_api import FakeApi, orders


def ids(api, **options):
    client = Client(api.url, "key", page_size=3, **options)
    return [row["id"] for page in client.pages("orders") for row in page]


class Pagination(unittest.TestCase):
    def test_follows_the_cursor_to_the_last_page(self):
        with FakeApi({"orders": [orders(0, 3), orders(3, 3), orders(6, 1)]}) as api:
            self.assertEqual(len(ids(api)), 7)
            self.assertEqual([query.get("cursor") for _, query in api.requests], [None, "page-1", "page-2"])

    def test_goes_on_after_a_short_page_that_has_a_cursor(self):
        with FakeApi({"orders": [orders(0, 3), orders(3, 2), orders(6, 3)]}) as api:
            self.assertEqual(len(ids(api)), 8)

    def test_stops_at_a_full_last_page(self):
        with FakeApi({"orders": [orders(0, 3), orders(3, 3)]}) as api:
            self.assertEqual(len(ids(api)), 6)
            self.assertEqual(len(api.requests), 2)

    def test_asks_for_the_page_size(self):
        with FakeApi({"orders": [orders(0, 1)]}) as api:
            ids(api)
            self.assertEqual(api.requests[0][1]["limit"], "3")


class Failures(unittest.TestCase):
    def test_waits_as_long_as_the_api_says(self):
        waits = []
        with FakeApi({"orders": [orders(0, 1)]}, failures=[(429, {"Retry-After": "7"})]) as api:
            self.assertEqual(len(ids(api, sleep=waits.append)), 1)
        self.assertEqual(waits, [7])

    def test_gives_up_after_five_attempts(self):
        with FakeApi({"orders": []}, failures=[(503, {})] * 5) as api:
            with self.assertRaisesRegex(ApiError, "after 5 attempts"):
                ids(api, sleep=lambda _: None)

    def test_does_not_repeat_a_refused_request(self):
        with FakeApi({"orders": []}) as api:
            client = Client(api.url, "wrong")
            with self.assertRaisesRegex(ApiError, "401 from /orders"):
                list(client.pages("orders"))
            self.assertEqual(len(api.requests), 1)
