/* account.c - may hold a secret: the private key of an operator's account, in locked memory only.
 */
#include "ethereum/account.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/hex.h"
#include "base/secret.h"
#include "crypto/secp.h"

#define KEY_TEXT_MAX 128 /* bytes of a file that are looked at */

/* --- text of a key --- */

static bool is_end(const char *text, size_t len)
{
    return len == 0 || (len == 1 && text[0] == '\n') ||
           (len == 2 && text[0] == '\r' && text[1] == '\n');
}

/* The key goes to the beginning of the slot. */
static enum dp_err read_key(uint8_t *slot, const char *text, size_t len)
{
    const size_t digits = 2 * DP_SECP_KEY_LEN;

    if (len >= 2 && text[0] == '0' && text[1] == 'x') {
        text += 2;
        len -= 2;
    }
    if (len < digits || !is_end(text + digits, len - digits) ||
        dp_hex_decode_secret(slot, DP_SECP_KEY_LEN, text) != DP_OK)
        return DP_EFORMAT;
    return DP_OK;
}

/* Takes the slot over, whatever it answers. */
static enum dp_err open_key(struct dp_account *account, uint8_t *slot, const char *text, size_t len)
{
    uint8_t pub[DP_SECP_PUB_LEN];
    enum dp_err err = read_key(slot, text, len);

    if (err == DP_OK && dp_secp_public(pub, slot) != DP_OK)
        err = DP_EFORMAT;
    if (err != DP_OK) {
        dp_secret_return(slot);
        return err;
    }
    dp_address_of_public(account->address, pub);
    account->key = slot;
    return DP_OK;
}

/* --- from a file --- */

/* What others may read is no secret. */
static enum dp_err check_file(int fd, const char *path, struct dp_detail *detail)
{
    struct stat info;

    if (fstat(fd, &info) != 0)
        return dp_fail(detail, DP_EIO, NULL, "%s cannot be read.", path);
    if (!S_ISREG(info.st_mode))
        return dp_fail(detail, DP_ECONFIG, NULL, "%s is no regular file.", path);
    if (info.st_uid != geteuid())
        return dp_fail(detail, DP_ECONFIG, NULL, "%s belongs to another user.", path);
    if ((info.st_mode & 077) != 0)
        return dp_fail(
            detail, DP_ECONFIG, NULL,
            "others may read or write %s: say chmod 600, and think of whether the key in "
            "it is still a secret.",
            path);
    return DP_OK;
}

/* Into the second half of the slot, so that no other memory has the text. */
static enum dp_err read_file(struct dp_account *account, int fd, const char *path,
                             struct dp_detail *detail)
{
    uint8_t *slot = dp_secret_take();
    char *text;
    ssize_t len;
    enum dp_err err;

    if (slot == NULL)
        return DP_ENOMEM;
    text = (char *)slot + DP_SECRET_SLOT_SIZE / 2;
    len = read(fd, text, KEY_TEXT_MAX);
    if (len < 0) {
        dp_secret_return(slot);
        return dp_fail(detail, DP_EIO, NULL, "%s cannot be read.", path);
    }
    err = open_key(account, slot, text, (size_t)len);
    if (err == DP_EFORMAT)
        return dp_fail(detail, err, NULL, "%s does not hold a private key, 64 hex digits.", path);
    OPENSSL_cleanse(text, KEY_TEXT_MAX);
    return err;
}

enum dp_err dp_account_open(struct dp_account *account, const char *path, struct dp_detail *detail)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    enum dp_err err;

    *account = (struct dp_account){.key = NULL};
    if (fd < 0)
        return dp_fail(detail, DP_EIO, NULL, "%s cannot be read.", path);
    err = check_file(fd, path, detail);
    if (err == DP_OK)
        err = read_file(account, fd, path, detail);
    close(fd);
    return err;
}

/* --- from the environment --- */

enum dp_err dp_account_take(struct dp_account *account, const char *variable,
                            struct dp_detail *detail)
{
    char *text = getenv(variable);
    uint8_t *slot = NULL;
    enum dp_err err = DP_ENOMEM;

    *account = (struct dp_account){.key = NULL};
    if (text == NULL || text[0] == '\0')
        return DP_EMISSING;
    slot = dp_secret_take();
    if (slot != NULL)
        err = open_key(account, slot, text, strlen(text));
    OPENSSL_cleanse(text, strlen(text));
    unsetenv(variable);
    if (err == DP_EFORMAT)
        return dp_fail(detail, err, variable, "%s is not a private key, 64 hex digits.", variable);
    return err;
}

void dp_account_close(struct dp_account *account)
{
    dp_secret_return(account->key);
    *account = (struct dp_account){.key = NULL};
}

enum dp_err dp_account_sign_digest(const struct dp_account *account,
                                   uint8_t sig[static DP_SECP_SIG_LEN],
                                   const uint8_t digest[static DP_KECCAK_LEN])
{
    return dp_secp_sign(sig, account->key, digest);
}

enum dp_err dp_account_sign(const struct dp_account *account, struct dp_buf *out,
                            uint8_t hash[static DP_KECCAK_LEN],
                            const struct dp_transaction *transaction)
{
    uint8_t digest[DP_KECCAK_LEN], sig[DP_SECP_SIG_LEN];
    const size_t before = out->len;
    enum dp_err err = dp_transaction_digest(digest, transaction);

    if (err == DP_OK)
        err = dp_account_sign_digest(account, sig, digest);
    if (err == DP_OK)
        err = dp_transaction_write(out, transaction, sig);
    if (err == DP_OK)
        dp_keccak256(hash, out->data + before, out->len - before);
    return err;
}
