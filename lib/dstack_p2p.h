/* dstack_p2p.h - find the other nodes of a cluster, and be found: the peer list of its contract. */
/*
 * A list is never believed because a node says so: it is held against what a storage proof shows
 * of the contract, in a block that all nodes asked agree on. A fault never empties a list: the last
 * good one comes back with its age and the fault.
 *
 * One thread at a time may use a handle; dstack_p2p_stop is for any thread and for signal handlers.
 * pkg-config has it as devproof.
 */
#ifndef DSTACK_P2P_H
#define DSTACK_P2P_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DSTACK_P2P_ID_SIZE 41        /* 40 hex digits and a NUL */
#define DSTACK_P2P_ADDRESS_SIZE 43   /* 0x, 40 hex digits and a NUL */
#define DSTACK_P2P_HASH_SIZE 67      /* 0x, 64 hex digits and a NUL */
#define DSTACK_P2P_ENDPOINT_SIZE 129 /* with its NUL */
#define DSTACK_P2P_MESSAGE_SIZE 512

enum dstack_p2p_error {
    DSTACK_P2P_OK,
    DSTACK_P2P_ENOMEM,     /* no memory, or none that can be locked */
    DSTACK_P2P_ESETTING,   /* an option or a variable is missing or has a bad value */
    DSTACK_P2P_EGUEST,     /* the guest agent gives no usable answer */
    DSTACK_P2P_ENODE,      /* an Ethereum node is down, too slow, or will not answer */
    DSTACK_P2P_ELIE,       /* a node says what is proven wrong, what another denies, or nonsense */
    DSTACK_P2P_ESTALE,     /* the newest block is too old, or older than the one seen before */
    DSTACK_P2P_ENOCLUSTER, /* there is no cluster contract at the address */
    DSTACK_P2P_ENOSEAT,    /* no token names this instance, or several do; or it is no peer */
    DSTACK_P2P_EREFUSED,   /* the contract refuses, or the account has too little for gas */
    DSTACK_P2P_EPENDING,   /* sent, and in no block yet: it may still get there */
};

/* The sentence of an error. Static; never NULL. */
const char *dstack_p2p_error_text(enum dstack_p2p_error error);

/* How this node is reached. */
enum dstack_p2p_mode {
    DSTACK_P2P_TLS_GATEWAY, /* through dstack's gateway, TLS ending in this node */
    DSTACK_P2P_WIREGUARD,   /* by a tunnel of which this node has the key */
};

/* How sure a block must be to stay. Where a node has none so sure, the next less sure is taken. */
enum dstack_p2p_block { DSTACK_P2P_FINALIZED, DSTACK_P2P_SAFE, DSTACK_P2P_LATEST };

/* Zeros are the defaults. Texts are copied. */
struct dstack_p2p_options {
    const char *rpc_urls;         /* nodes, up to 8, a comma between two; NULL: RPC_URL */
    const char *guest_socket;     /* NULL: DSTACK_SIMULATOR_ENDPOINT, else the usual places */
    const char *gateway_domain;   /* NULL: DSTACK_GATEWAY_DOMAIN. Needed to register only */
    const char *endpoint;         /* what others shall use; NULL: made of instance, port and domain.
                                     A tunnel's is host:port, or for a stream https://name */
    const uint8_t *wireguard_key; /* 32 bytes, the tunnel's public key; NULL: this process does not
                                     hold the tunnel, and cannot register it */
    const char *subscribe_url;    /* a node's WebSocket; NULL: RPC_WS_URL, else where the first node
                                     would have one; "": none. It makes a watch faster, no more */
    const char *relay_url; /* who sends this node's calls, so that it needs no gas: each is POSTed
                              there as JSON; NULL: CLUSTER_RELAY, else they are sent from here */
    uint16_t port;         /* of this node behind the gateway; 0: 443, and of a tunnel none */
    uint64_t token_id;     /* this node's seat; 0: the one whose token names it */
    enum dstack_p2p_block block;
    unsigned additions_after; /* blocks that a newcomer must have been seen for; 0: none */
    unsigned max_age_s;       /* of the newest block; 0: 7200 */
    unsigned timeout_s;       /* of one read, and of sending; 0: 60 */
    unsigned reuse_ms; /* get_peers hands out again what was read no longer ago; 0: it reads */
};

struct dstack_p2p;

/**
 * Open. The guest agent is asked who this node is; no Ethereum node is asked yet.
 *
 * In:  contract  the cluster's address; NULL: CLUSTER_CONTRACT
 *      options   may be NULL
 * Out: out       to be closed by dstack_p2p_close; NULL unless DSTACK_P2P_OK
 *      message   a sentence on what is wrong; may be NULL
 * Returns: DSTACK_P2P_OK, DSTACK_P2P_ENOMEM, DSTACK_P2P_ESETTING, DSTACK_P2P_EGUEST
 */
enum dstack_p2p_error dstack_p2p_open(struct dstack_p2p **out, const char *contract,
                                      enum dstack_p2p_mode mode,
                                      const struct dstack_p2p_options *options,
                                      char message[DSTACK_P2P_MESSAGE_SIZE]);

/* Takes NULL. */
void dstack_p2p_close(struct dstack_p2p *p2p);

/* Who this node is, as the guest agent says. Valid until the handle is closed. */
const char *dstack_p2p_instance_id(const struct dstack_p2p *p2p);
const char *dstack_p2p_app_id(const struct dstack_p2p *p2p);

/* What the last call on this handle that failed was about: a sentence, which names the node at
 * fault; "" where none failed. Valid until the next call. */
const char *dstack_p2p_message(const struct dstack_p2p *p2p);

/* --- who is there --- */

struct dstack_p2p_peer {
    uint64_t token_id;
    char instance_id[DSTACK_P2P_ID_SIZE], app_id[DSTACK_P2P_ID_SIZE];
    int is_wireguard;          /* 0: through a gateway */
    uint8_t wireguard_key[32]; /* zero on a gateway */
    uint64_t lease_until;      /* Unix seconds */
    char endpoint[DSTACK_P2P_ENDPOINT_SIZE];
};

/* Peers whose lease runs, at one block. */
struct dstack_p2p_peers {
    struct dstack_p2p_peer *list; /* count of them */
    size_t count;
    uint64_t block_number, block_time; /* Unix seconds */
    char block_hash[DSTACK_P2P_HASH_SIZE];
    char digest[DSTACK_P2P_HASH_SIZE]; /* the contract's peersDigest, proven */
    uint64_t age_ms;                   /* since this list was read */
    enum dstack_p2p_error error;       /* why there is no newer one; DSTACK_P2P_OK: none was tried,
                                          or this is it */
    char message[DSTACK_P2P_MESSAGE_SIZE];
};

/**
 * Read the list, or take the last one where it was good and is no older than options.reuse_ms.
 *
 * Out: out  to be freed by dstack_p2p_peers_free. After an error the last good list, with its age;
 *           NULL where there never was one, or there is no memory.
 * Returns: DSTACK_P2P_OK, DSTACK_P2P_ENOMEM, DSTACK_P2P_ENODE, DSTACK_P2P_ELIE,
 *          DSTACK_P2P_ESTALE, DSTACK_P2P_ENOCLUSTER
 *
 * Who leaves is off the list at once; who comes is on it after options.additions_after blocks. All
 * on the first list count as there before. A node that comes back with another endpoint comes anew.
 */
enum dstack_p2p_error dstack_p2p_get_peers(struct dstack_p2p *p2p, struct dstack_p2p_peers **out);

/* Takes NULL. */
void dstack_p2p_peers_free(struct dstack_p2p_peers *peers);

/**
 * Read again and again, and at once where a node tells that the contract has said something; tell
 * of each change: at first, when anybody comes, leaves or moves, and
 * when reading begins to fail, fails otherwise, or works again. Always with the whole list.
 *
 * In:  interval_ms  between two reads, at most
 *      tell         peers is NULL where there never was a list: error says why. Anything but 0 ends
 *                   the watch. It may call register, renew and voucher.
 * Returns: DSTACK_P2P_OK  ended by tell or by dstack_p2p_stop
 */
typedef int dstack_p2p_tell(const struct dstack_p2p_peers *peers, enum dstack_p2p_error error,
                            void *arg);
enum dstack_p2p_error dstack_p2p_watch(struct dstack_p2p *p2p, unsigned interval_ms,
                                       dstack_p2p_tell *tell, void *arg);

/* End a watch or a keep, at most a second after what it does just then, or the next one before it
 * begins. */
void dstack_p2p_stop(struct dstack_p2p *p2p);

/* --- being there --- */

struct dstack_p2p_receipt {
    uint64_t token_id, block_number;
    char transaction[DSTACK_P2P_HASH_SIZE];
};

/**
 * Enter this node, or enter it anew with another endpoint: signed by the app, sent from this node's
 * account or by the relay, and waited for. A block can still be undone: the node is in for good
 * once the list has it at the block that the options name.
 *
 * Out: out  all zero unless DSTACK_P2P_OK; may be NULL
 * Returns: DSTACK_P2P_OK, DSTACK_P2P_ENOMEM, DSTACK_P2P_ESETTING (no endpoint, or no key),
 *          DSTACK_P2P_EGUEST, DSTACK_P2P_ENODE, DSTACK_P2P_ELIE, DSTACK_P2P_ENOSEAT,
 *          DSTACK_P2P_EREFUSED, DSTACK_P2P_EPENDING
 */
enum dstack_p2p_error dstack_p2p_register(struct dstack_p2p *p2p, struct dstack_p2p_receipt *out);

/* Prolong the lease, which must still run. Returns: the same */
enum dstack_p2p_error dstack_p2p_renew(struct dstack_p2p *p2p, struct dstack_p2p_receipt *out);

/* What the contract has of this node. */
struct dstack_p2p_self {
    uint64_t token_id;           /* 0: it is no peer */
    uint64_t lease_until;        /* Unix seconds; may be over */
    enum dstack_p2p_error error; /* why it is not, or not for long any more; DSTACK_P2P_OK: it is */
    char message[DSTACK_P2P_MESSAGE_SIZE];
};

/**
 * Keep this node entered: look every half minute or more often, enter it where it is not entered
 * as it is to be reached, and prolong its lease when a third of it is left. A fault is tried again.
 * It blocks, also while a transaction is on its way: a watch needs a handle of its own.
 *
 * In:  tell  told at first and of each change. Anything but 0 ends it
 * Returns: DSTACK_P2P_OK       ended by tell or by dstack_p2p_stop
 *          DSTACK_P2P_ESETTING  there is no endpoint, or no key, to enter it with
 */
typedef int dstack_p2p_tell_self(const struct dstack_p2p_self *self, void *arg);
enum dstack_p2p_error dstack_p2p_keep(struct dstack_p2p *p2p, dstack_p2p_tell_self *tell,
                                      void *arg);

/* The account that pays for both, of this node alone. Returns: DSTACK_P2P_OK,
 * DSTACK_P2P_ENOMEM, DSTACK_P2P_EGUEST */
enum dstack_p2p_error dstack_p2p_account(struct dstack_p2p *p2p, char out[DSTACK_P2P_ADDRESS_SIZE]);

/* What anybody may send in this node's stead, so that it needs no gas. */
struct dstack_p2p_call {
    uint64_t chain_id, token_id;
    uint64_t deadline;                /* Unix seconds: later the contract refuses it */
    char to[DSTACK_P2P_ADDRESS_SIZE]; /* the contract */
    char *data;                       /* 0x and hex */
};

/**
 * The call of registerPeer or, where renew is not 0, of renewLease, signed. It holds no secret.
 *
 * Out: out  to be freed by dstack_p2p_call_free; NULL unless DSTACK_P2P_OK
 * Returns: as dstack_p2p_register, but for the last two
 */
enum dstack_p2p_error dstack_p2p_voucher(struct dstack_p2p *p2p, struct dstack_p2p_call **out,
                                         int renew);

/* Takes NULL. */
void dstack_p2p_call_free(struct dstack_p2p_call *call);

#ifdef __cplusplus
}
#endif

#endif
