from hotglue_singer_sdk import Tap, typing as th
from hotglue_singer_sdk.streams import RESTStream


class People(RESTStream):
    name = "people"
    path = "/people"
    primary_keys = ["id"]
    replication_key = None
    records_jsonpath = "$.data[*]"
    next_page_token_jsonpath = "$.next"
    url_base = "https://people.example"
    schema = th.PropertiesList(th.Property("id", th.IntegerType), th.Property("name", th.StringType)).to_dict()


class TapPeople(Tap):
    name = "tap-people"
    config_jsonschema = th.PropertiesList(th.Property("api_key", th.StringType, required=True)).to_dict()

    def discover_streams(self):
        return [People(tap=self)]


def main():
    TapPeople.cli()
