-- Named tokens, and the audit log: rows that only ever get more, each with the hash of the one
-- before (docs/api.md says over what; lib/store/audit.c computes it).
ALTER TABLE tokens ADD COLUMN name text; -- of a user's bearer token
-- The bearer token that a session was started with: it is revoked along with that.
ALTER TABLE tokens ADD COLUMN started_by bigint REFERENCES tokens (id);

CREATE INDEX tokens_started_by ON tokens (started_by) WHERE started_by IS NOT NULL;

CREATE TABLE audit_log (
    seq       bigint PRIMARY KEY, -- 1, 2, 3, ... without a gap
    time      bigint NOT NULL,
    actor     text   NOT NULL CHECK (actor IN ('user', 'admin', 'operator', 'anyone')),
    action    text   NOT NULL,
    -- The text, as it is hashed; NULL: about nobody
    user_id   text   COLLATE "C" REFERENCES users (user_id),
    data      text   NOT NULL, -- JSON object (RFC 8785)
    prev_hash bytea  NOT NULL CHECK (length(prev_hash) = 32), -- zero in the first row
    hash      bytea  NOT NULL CHECK (length(hash) = 32)
);

CREATE INDEX audit_log_by_user ON audit_log (user_id) WHERE user_id IS NOT NULL;

-- Against mistakes of ours, as the owner can grant it all back; the hashes are against that. A
-- trigger would need a procedural language, a rule would do nothing in silence. Superusers are
-- not held by this.
REVOKE UPDATE, DELETE, TRUNCATE ON audit_log FROM CURRENT_USER;
