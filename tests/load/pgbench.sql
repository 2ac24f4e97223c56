\set n random(1, 1000000000)
BEGIN;
INSERT INTO bench_idempotency (key, body) VALUES (gen_random_uuid(), repeat('x', 300));
UPDATE bench_case SET state = 'submitted', version = version + 1 WHERE id = 1 + :n % 20000;
INSERT INTO bench_history (case_id, body) VALUES (:n, repeat('x', 200));
WITH a AS (INSERT INTO bench_audit (case_id, body) VALUES (:n, repeat('x', 200)))
INSERT INTO bench_outbox (case_id, body) VALUES (:n, repeat('x', 800));
COMMIT;
