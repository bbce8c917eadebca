"""What Django and psycopg do not offer, or offer too slowly, on PostgreSQL.

- `prepared`: statements planned once per connection, with BEGIN and COMMIT in the same round trip.
- `binary_copy`: binary arrays and COPY for bulk writes.
- `model_rows`: model instances without `Model.__init__`.
- `snapshot`: several reads of one moment.
- `fields`: column types for addresses and integers beyond 64 bits.

The figures that justify each are in docs/benchmarks.md; everything else in the project uses the ORM or a plain cursor.
"""
