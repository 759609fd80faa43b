/* keyuse.h - every path and purpose that this product ever asks the guest agent for. */
/*
 * dstack derives a key from the path alone: the purpose only enters the text that the chain's
 * first signature covers. So whatever must be separate differs in its path. User ids have no
 * slash and begin with a letter or digit, and KEY_NAMESPACE has no "!", so no user's path spells
 * another namespace or one of the self-test's.
 *
 * | use       | path                        | purpose  |
 * |-----------|-----------------------------|----------|
 * | wallet    | <KEY_NAMESPACE>/<userId>    | ethereum |
 * | rotated   | <KEY_NAMESPACE>/v<N>/<userId>, N from 2 | ethereum |
 * | self-test | <KEY_NAMESPACE>/!self-test1 | ethereum |
 * | self-test | <KEY_NAMESPACE>/!self-test2 | ethereum |
 * | self-test | !self-test/!self-test1      | ethereum |
 * | HTTPS, with a CA's certificate | !tls/custom-domain | tls |
 * | cluster: vouchers of the app's nodes | !cluster/voucher | cluster |
 * | cluster: a node's gas | !cluster/gas/<instance id, 40 hex digits> | cluster-gas |
 *
 * The 32 bytes of the one for HTTPS are a P-256 key. Keys for HTTPS with the agent's own
 * certificate are random and have no path.
 */
#ifndef DP_DSTACK_KEYUSE_H
#define DP_DSTACK_KEYUSE_H

#define DP_PURPOSE "ethereum"
#define DP_SELF_TEST_NAMESPACE "!self-test"
#define DP_SELF_TEST_USER_1 "!self-test1"
#define DP_SELF_TEST_USER_2 "!self-test2"

#define DP_TLS_PATH "!tls/custom-domain"
#define DP_TLS_PURPOSE "tls"

#define DP_CLUSTER_PATH "!cluster/voucher"
#define DP_CLUSTER_PURPOSE "cluster" /* ClusterPeers.sol: VOUCHER_PURPOSE */
#define DP_CLUSTER_GAS_PATH "!cluster/gas"
#define DP_CLUSTER_GAS_PURPOSE "cluster-gas"

#define DP_KEY_PATH_SIZE                                                                           \
    138 /* the longest rotated namespace, a slash, the longest user id, a NUL */

#endif
