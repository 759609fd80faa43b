/* wireguard_device.h - a WireGuard interface: the kernel's, or wireguard-go where it has none. */
#ifndef DP_CLUSTER_WIREGUARD_DEVICE_H
#define DP_CLUSTER_WIREGUARD_DEVICE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

#define DP_WIREGUARD_NAME_SIZE 16 /* of an interface, with its NUL */

struct dp_wireguard_device {
    char name[DP_WIREGUARD_NAME_SIZE];
    pid_t child; /* wireguard-go, or 0 */
    int said;    /* what it says goes to this memory, or 0 */
    bool in_kernel;
};

/* Is it a name for an interface: a letter, then letters, digits and hyphens, 15 at most? */
bool dp_wireguard_name_is_valid(const char *name);

/**
 * Make the interface. One of the kernel that an earlier process left under this name is replaced.
 * wireguard-go ends with the thread that called this.
 *
 * In:  name  a valid one; no other on the machine may have it, in other network namespaces either,
 *            as wireguard-go's socket is named after it
 * Out: out   to be closed by dp_wireguard_device_close, also after an error
 * Returns: DP_OK
 *          DP_EIO  neither way works; detail says why
 *          DP_ETIMEOUT
 */
DP_MUST_CHECK
enum dp_err dp_wireguard_device_open(struct dp_wireguard_device *out, const char *name,
                                     struct dp_detail *detail);

/**
 * Give it addresses and let it be up.
 *
 * In:  addresses  count of them, each address/bits
 * Returns: DP_OK, and what dp_run does
 */
DP_MUST_CHECK
enum dp_err dp_wireguard_device_up(const struct dp_wireguard_device *device,
                                   const char *const *addresses, size_t count, unsigned mtu,
                                   struct dp_detail *detail);

/* Is it still there? Returns: DP_OK, DP_EIO (wireguard-go has ended; detail has its last words) */
DP_MUST_CHECK
enum dp_err dp_wireguard_device_check(struct dp_wireguard_device *device, struct dp_detail *detail);

/* Take the interface away. Takes one that is all zero, too. */
void dp_wireguard_device_close(struct dp_wireguard_device *device);

#endif
