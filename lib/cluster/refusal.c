/* refusal.c - why a cluster's contract refuses, in words. */
#include "cluster/refusal.h"

#include <string.h>

#include "crypto/keccak.h"
#include "ethereum/abi.h"

/* Of ClusterMembers.sol, ClusterPeers.sol, ProvenKeys.sol, SignatureChain.sol and OpenZeppelin's
 * Ownable and ERC721, and what TimelockAppAuth.sol says of code; those of the constructor are not
 * here. */
static const struct row {
    const char *error, *text;
} rows[] = {
    {"ClusterPaused(uint256)", "it is paused; nobody can join until the pause is over."},
    {"ClusterBadMaxNodes(uint256,uint256)", "seats: 1 to 1024."},
    {"ClusterBadNetworkMode(uint8)", "no such network mode."},
    {"ClusterBadPrice(uint256,uint256)", "the price is too high to be kept."},
    {"ClusterClosed(address)", "this account may not give out seats, and they are not on sale."},
    {"ClusterFull(uint256)", "all seats are taken."},
    {"ClusterTooLittle(uint256,uint256)", "the payment is less than the price of a seat."},
    {"ClusterWalletHasToken(address,uint256)", "that wallet has a token already; each has one."},
    {"ClusterBadInstanceId(string)", "an instance id is 40 hex digits."},
    {"ClusterNotHolder(address,uint256)", "this account does not hold the token."},
    {"ClusterReasonTooLong(uint256,uint256)", "the reason is longer than 256 bytes."},
    {"ClusterNothingPaid(uint256)", "nothing was paid for that token."},
    {"ClusterNotEarned(uint256,uint256)", "the refund window of that token has not passed."},
    {"ClusterNothingEarned()", "there is nothing to withdraw."},
    {"ClusterOtherApp(address)", "nodes of this app may not join this cluster."},
    {"ClusterPastDeadline(uint256,uint256)", "the voucher's time has passed; make another."},
    {"ClusterBadNonce(address,uint256,uint256)",
     "the voucher is used, or another one was used since; make another."},
    {"ClusterNotAssigned(uint256,address,address)",
     "the token does not name this instance: its holder has to."},
    {"AppAuthUpgradesDisabled()", "the app takes no new code any more."},
    {"AppAuthRetired(bytes32,uint256)", "that code was removed, and stays removed."},
    {"AppAuthPaused(uint256)", "the app is paused; no code is allowed until the pause is over."},
    {"AppAuthTooEarly(uint8,bytes32,uint256)", "the notice of that code has not passed."},
    {"AppAuthExpired(uint8,bytes32,uint256)", "the proposal of that code was not used in time."},
    {"ClusterNetworkNotAllowed(uint8,uint8)", "the cluster does not take nodes of this network."},
    {"ClusterBadEndpoint(string)",
     "the endpoint is none: https://host[:port], or host:port of a tunnel, up to 128 characters."},
    {"ClusterBadWireguardKey(bytes32)", "WireGuard needs a key, and a gateway must have none."},
    {"ClusterWireguardKeyTaken(bytes32,uint256)", "another node has this WireGuard key."},
    {"ClusterKeyNotProven(address,address)",
     "the key that signed is not one that the app was proven to have."},
    {"ClusterNoPeer(uint256)", "there is no peer on that token."},
    {"ClusterLeaseLapsed(uint256,uint256)", "the lease has lapsed; register anew."},
    {"ClusterLeaseRuns(uint256,uint256)", "the lease still runs."},
    {"ClusterNotRegistered(address)", "that instance is no peer."},
    {"ProvenKeysWrongPurpose(string)", "the key was made for another purpose."},
    {"ProvenKeysOtherSigner(address,address)",
     "the chain proves another key than the one that signed."},
    {"SignatureChainBadKey(bytes)", "a key in the signature chain is none."},
    {"SignatureChainBadSignature(bytes)", "a signature is none, or not the canonical one."},
    {"SignatureChainNotFromRoot(address,address)",
     "the app's keys are not from the KMS that this cluster trusts."},
    {"SignatureChainAppKeyMismatch(address,address)", "the signature chain is of another app key."},
    {"PullPaymentsNothingOwed(address)", "nothing is owed to this account."},
    {"OwnableUnauthorizedAccount(address)", "only the owner may do this."},
    {"ERC721NonexistentToken(uint256)", "there is no such token."},
    {"ERC721InvalidReceiver(address)", "no token can go to that address."},
};

const char *dp_refusal_text(const struct dp_buf *revert)
{
    if (revert->len < DP_ABI_SELECTOR_LEN)
        return NULL;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t hash[DP_KECCAK_LEN];

        dp_keccak256(hash, rows[i].error, strlen(rows[i].error));
        if (memcmp(revert->data, hash, DP_ABI_SELECTOR_LEN) == 0)
            return rows[i].text;
    }
    return NULL;
}
