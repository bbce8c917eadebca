-- Receipts: one partition an epoch, made when the first receipt of the epoch arrives. Fixed-width columns first.
CREATE SEQUENCE staking_receipt_seq AS bigint;
CREATE TABLE staking_receipt (
  seq bigint NOT NULL DEFAULT nextval('staking_receipt_seq'),
  latency_ms bigint NOT NULL CHECK (latency_ms >= 0),
  deadline_ms bigint NOT NULL CHECK (deadline_ms >= 0),
  credits bigint NOT NULL CHECK (credits >= 0),
  accepted_at timestamptz NOT NULL,
  epoch integer NOT NULL,
  node_id integer NOT NULL,
  outcome smallint NOT NULL,
  proof smallint NOT NULL,
  job_class smallint NOT NULL,
  good boolean NOT NULL,
  region varchar(32) COLLATE "C" NOT NULL,
  job_id varchar(64) COLLATE "C" NOT NULL,
  result_digest bytea,
  trace_root bytea,
  verified_trace_root bytea,
  signature bytea
) PARTITION BY LIST (epoch);
-- The last N good jobs of a node (R24), and what was not good (evidence).
CREATE INDEX staking_receipt_good ON staking_receipt (node_id, epoch DESC, seq DESC) INCLUDE (latency_ms) WHERE good;
CREATE INDEX staking_receipt_bad ON staking_receipt (node_id, seq) WHERE NOT good;

-- Attaching takes a lock that lets readers and writers of other partitions go on; CREATE … PARTITION OF would not.
CREATE FUNCTION staking_open_partition(p_epoch integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE part text := 'staking_receipt_e' || p_epoch;
BEGIN
  IF to_regclass(part) IS NOT NULL THEN RETURN; END IF;
  PERFORM pg_advisory_xact_lock(hashtext('staking_open_partition'), 0);
  IF to_regclass(part) IS NOT NULL THEN RETURN; END IF;
  EXECUTE format('CREATE TABLE %I (LIKE staking_receipt INCLUDING DEFAULTS INCLUDING CONSTRAINTS, CHECK (epoch = %s))', part, p_epoch);
  EXECUTE format('ALTER TABLE staking_receipt ATTACH PARTITION %I FOR VALUES IN (%s)', part, p_epoch);
END $$;

-- The open epoch under a shared lock that settlement takes exclusively: whatever a service then writes falls whole
-- into that epoch. Volatile, so that the row is read after the lock was granted.
CREATE FUNCTION staking_lock_epoch() RETURNS TABLE (
  number integer, epoch_start timestamptz, epoch_end timestamptz, version integer, digest varchar
) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtext('staking_epoch'), 0);
  RETURN QUERY SELECT e.number, e.start, e."end", p.version, p.digest
    FROM staking_epoch e JOIN staking_parameterset p ON p.version = e.parameters_id WHERE e.status = 'open';
END $$;

-- What was settled stays (R4, S).
CREATE FUNCTION staking_keep_settled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'what was settled is not changed: % on % is refused', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER staking_epoch_keep BEFORE UPDATE OR DELETE ON staking_epoch
  FOR EACH ROW WHEN (OLD.status = 'settled') EXECUTE FUNCTION staking_keep_settled();
CREATE TRIGGER staking_nodeepoch_keep BEFORE UPDATE OR DELETE ON staking_nodeepoch
  FOR EACH ROW EXECUTE FUNCTION staking_keep_settled();

-- A version that moves with everything that lists and the scheduler show.
CREATE FUNCTION staking_note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO staking_change DEFAULT VALUES;
  RETURN NULL;
END $$;
CREATE TRIGGER staking_node_changed AFTER INSERT OR UPDATE ON staking_node
  FOR EACH STATEMENT EXECUTE FUNCTION staking_note_change();
CREATE TRIGGER staking_pool_changed AFTER INSERT OR UPDATE ON staking_pool
  FOR EACH STATEMENT EXECUTE FUNCTION staking_note_change();
CREATE TRIGGER staking_slash_changed AFTER INSERT OR UPDATE ON staking_slash
  FOR EACH STATEMENT EXECUTE FUNCTION staking_note_change();
CREATE TRIGGER staking_unbonding_changed AFTER INSERT OR UPDATE ON staking_unbonding
  FOR EACH STATEMENT EXECUTE FUNCTION staking_note_change();
CREATE TRIGGER staking_ranking_changed AFTER INSERT ON staking_ranking
  FOR EACH STATEMENT EXECUTE FUNCTION staking_note_change();
CREATE TRIGGER staking_epoch_changed AFTER INSERT OR UPDATE ON staking_epoch
  FOR EACH STATEMENT EXECUTE FUNCTION staking_note_change();
