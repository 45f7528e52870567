"""The streams, in the order in which they are synced."""

NULLABLE_STRING = {"type": ["null", "string"]}
DATE_TIME = {"type": "string", "format": "date-time"}


class Stream:
    def __init__(self, name, properties, replication_key=None):
        self.name = name
        self.key = ["id"]
        self.replication_key = replication_key
        self.schema = {"type": "object", "properties": properties}

    def catalog_entry(self):
        method = "INCREMENTAL" if self.replication_key else "FULL_TABLE"
        root = {"inclusion": "available", "selected": True, "table-key-properties": self.key}
        root["forced-replication-method"] = method
        if self.replication_key:
            root["valid-replication-keys"] = [self.replication_key]
        always = set(self.key + [self.replication_key])
        fields = [
            {
                "breadcrumb": ["properties", name],
                "metadata": {"inclusion": "automatic" if name in always else "available"},
            }
            for name in self.schema["properties"]
        ]
        return {
            "tap_stream_id": self.name,
            "stream": self.name,
            "schema": self.schema,
            "key_properties": self.key,
            "metadata": [{"breadcrumb": [], "metadata": root}] + fields,
        }


STREAMS = [
    Stream(
        "orders",
        {
            "id": {"type": "string"},
            "customer_id": {"type": "string"},
            "status": {"type": "string"},
            "total_cents": {"type": "integer"},
            "currency": {"type": "string"},
            "placed_at": DATE_TIME,
            "updated_at": DATE_TIME,
        },
        replication_key="updated_at",
    ),
    Stream(
        "customers",
        {"id": {"type": "string"}, "name": NULLABLE_STRING, "email": NULLABLE_STRING},
    ),
]


def discover():
    return {"streams": [stream.catalog_entry() for stream in STREAMS]}
