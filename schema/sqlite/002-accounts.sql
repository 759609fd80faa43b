-- Named tokens, and the audit log: rows that only ever get more, each with the hash of the one
-- before (docs/api.md says over what; lib/store/audit.c computes it).
ALTER TABLE tokens ADD COLUMN name TEXT; -- of a user's bearer token
-- The bearer token that a session was started with: it is revoked along with that.
ALTER TABLE tokens ADD COLUMN started_by INTEGER REFERENCES tokens (id);

CREATE INDEX tokens_started_by ON tokens (started_by) WHERE started_by IS NOT NULL;

CREATE TABLE audit_log (
    seq       INTEGER PRIMARY KEY, -- 1, 2, 3, ... without a gap
    time      INTEGER NOT NULL,
    actor     TEXT    NOT NULL CHECK (actor IN ('user', 'admin', 'operator', 'anyone')),
    action    TEXT    NOT NULL,
    user_id   TEXT    REFERENCES users (user_id), -- the text, as it is hashed; NULL: about nobody
    data      TEXT    NOT NULL, -- JSON object (RFC 8785)
    prev_hash BLOB    NOT NULL CHECK (length(prev_hash) = 32), -- zero in the first row
    hash      BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE INDEX audit_log_by_user ON audit_log (user_id) WHERE user_id IS NOT NULL;

-- Against mistakes of ours. Whoever owns the file can drop these; the hashes are against that.
CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log
BEGIN
    SELECT raise(ABORT, 'audit_log is append-only');
END;

CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log
BEGIN
    SELECT raise(ABORT, 'audit_log is append-only');
END;
