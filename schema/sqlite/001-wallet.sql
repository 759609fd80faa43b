-- Users, their public keys, and the hashes of their tokens. Nothing here is secret.
CREATE TABLE users (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    email      TEXT    NOT NULL COLLATE NOCASE UNIQUE,
    user_id    TEXT    NOT NULL UNIQUE,
    created_at INTEGER NOT NULL -- Unix time, milliseconds, as all times here
) STRICT;

CREATE TABLE user_keys (
    id              INTEGER PRIMARY KEY,
    user_id         INTEGER NOT NULL REFERENCES users (id),
    namespace       TEXT    NOT NULL,
    pub_key_hex     TEXT    NOT NULL, -- 0x, 65 bytes, uncompressed
    address         TEXT    NOT NULL UNIQUE, -- EIP-55; two users with one key are a broken agent
    app_id          TEXT    NOT NULL, -- 0x, 20 bytes
    signature_chain TEXT    NOT NULL, -- JSON array of two 65-byte signatures, as the agent gave it
    created_at      INTEGER NOT NULL,
    retired_at      INTEGER,
    UNIQUE (user_id, namespace)
) STRICT;

-- One key in force a user: what the index refuses, no program can get wrong.
CREATE UNIQUE INDEX user_keys_in_force ON user_keys (user_id) WHERE retired_at IS NULL;

CREATE TABLE tokens (
    id         INTEGER PRIMARY KEY,
    user_id    INTEGER REFERENCES users (id), -- NULL: the admin's
    kind       TEXT    NOT NULL CHECK (kind IN ('bearer', 'session')),
    token_hash BLOB    NOT NULL UNIQUE CHECK (length(token_hash) = 32), -- SHA-256
    created_at INTEGER NOT NULL,
    expires_at INTEGER, -- NULL: never
    revoked_at INTEGER
) STRICT;

CREATE INDEX tokens_by_user ON tokens (user_id);
