"""Access to PostgreSQL that Django and psycopg do not offer, or offer too slowly.

- `prepared`: statements planned once per connection that share a round trip with BEGIN and COMMIT.
- `batched_reads`: independent reads that share round trips.
- `backend`: the database backend, which refuses statements after such a COMMIT.
- `binary_copy`: binary arrays and COPY for bulk writes.
- `model_rows`: model instances without `Model.__init__`.
- `snapshot`: several reads of one moment.
- `fields`: column types for addresses and integers beyond 64 bits.

A module that bypasses Django names the figure of docs/benchmarks.md that it is for, in a line that starts with
"Figure:". Everything else in the project uses the ORM or a plain cursor.
"""
