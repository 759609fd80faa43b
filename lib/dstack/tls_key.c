/* tls_key.c - the key that nginx serves HTTPS with. Holds a key, in locked memory. */
#include "dstack/tls_key.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/json.h"
#include "base/secret.h"
#include "crypto/cert.h"
#include "dstack/keyuse.h"

#define ANSWER_MAX (192 * 1024) /* bytes of the agent's answer with its headers */
#define REQUEST_MAX (32 * 1024)
#define PEM_SIZE DP_SECRET_SLOT_SIZE /* of a key, with its NUL */
#define SCALAR_LEN DP_SECP_KEY_LEN
#define CSR_MAX (32 * 1024)

/* --- the key and its public half --- */

static char *pem_of(const struct dp_tls_key *key)
{
    return (char *)(uintptr_t)key->pem;
}

static enum dp_err take_slot(struct dp_tls_key *key)
{
    memset(key, 0, sizeof(*key));
    if (dp_secret_init() != DP_OK)
        return DP_ENOMEM;
    key->pem = dp_secret_take();
    return key->pem != NULL ? DP_OK : DP_ENOMEM;
}

void dp_tls_key_free(struct dp_tls_key *key)
{
    dp_secret_return((void *)(uintptr_t)key->pem);
    memset(key, 0, sizeof(*key));
}

/* Else OpenSSL asks whoever sits at the terminal. */
static int no_password(char *buf, int size, int rwflag, void *arg)
{
    (void)buf;
    (void)size;
    (void)rwflag;
    (void)arg;
    return 0;
}

/* NULL where the text is no private key. */
static EVP_PKEY *load(const struct dp_tls_key *key)
{
    BIO *bio = BIO_new_mem_buf(pem_of(key), -1);
    EVP_PKEY *pkey = bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;

    BIO_free(bio);
    return pkey;
}

/* Returns: DP_OK, DP_EFORMAT (no private key, or one too long) */
static enum dp_err find_public(struct dp_tls_key *key)
{
    EVP_PKEY *pkey = load(key);
    unsigned char *at = key->spki;
    int len = pkey != NULL ? i2d_PUBKEY(pkey, NULL) : 0;
    bool fits = len > 0 && len <= DP_TLS_SPKI_MAX && i2d_PUBKEY(pkey, &at) == len;

    key->spki_len = fits ? (size_t)len : 0;
    EVP_PKEY_free(pkey);
    return fits ? DP_OK : DP_EFORMAT;
}

/* --- PEM --- */

#define PEM_LINE 48 /* bytes that a line of 64 characters holds */

/* Returns: the end of what was written, a NUL there. */
static char *write_lines(char *out, const uint8_t *der, size_t len)
{
    while (len > 0) {
        size_t n = len < PEM_LINE ? len : PEM_LINE;

        out += EVP_EncodeBlock((unsigned char *)out, der, (int)n);
        *out++ = '\n';
        der += n;
        len -= n;
    }
    *out = '\0';
    return out;
}

/* --- GetTlsKey --- */

static enum dp_err write_request(struct dp_buf *buf, const struct dp_tls_ask *ask)
{
    struct json_object *request = json_object_new_object(), *names = json_object_new_array();

    if (request == NULL || names == NULL) {
        json_object_put(request);
        json_object_put(names);
        return DP_ENOMEM;
    }
    for (size_t i = 0; i < ask->name_count; i++)
        json_object_array_add(names, json_object_new_string(ask->names[i]));
    dp_json_add_text(request, "subject", ask->names[0]);
    dp_json_add(request, "alt_names", names);
    dp_json_add_bool(request, "usage_ra_tls", false);
    dp_json_add_bool(request, "usage_server_auth", true);
    dp_json_add_bool(request, "usage_client_auth", false);
    dp_json_add_int(request, "not_before", ask->not_before);
    dp_json_add_int(request, "not_after", ask->not_after);
    dp_json_add_bool(request, "with_app_info", true);
    dp_json_write(buf, request);
    json_object_put(request);
    return buf->err;
}

/* Where the text of the member "key" begins and ends. As in guest.c: inside a JSON string the
 * quotes of "key" would be escaped, so what is found is a member or not JSON. */
static enum dp_err find_key(char **from, char **to, struct dp_slice body)
{
    static const char name[] = "\"key\"";
    char *at = memmem(body.data, body.len, name, sizeof(name) - 1);
    char *end = (char *)(uintptr_t)body.data + body.len;

    if (at == NULL)
        return DP_EGUEST;
    at += sizeof(name) - 1;
    for (const char *mark = ":\""; *mark != '\0'; mark++) {
        while (at < end && *at == ' ')
            at++;
        if (at == end || *at++ != *mark)
            return DP_EGUEST;
    }
    *from = at;
    *to = memchr(at, '"', (size_t)(end - at));
    /* Another one would be what the parser sees and nobody wipes. */
    if (*to == NULL || memmem(*to, (size_t)(end - *to), name, sizeof(name) - 1) != NULL)
        return DP_EGUEST;
    return DP_OK;
}

/* The JSON text without its escapes, of which PEM needs the line end alone. */
static enum dp_err unescape(char *out, const char *from, const char *to)
{
    char *end = out + PEM_SIZE - 1;

    while (from < to) {
        char c = *from++;

        if (c == '\\') {
            if (from == to || (*from != 'n' && *from != 'r' && *from != '/'))
                return DP_EGUEST;
            c = *from == 'n' ? '\n' : *from == 'r' ? '\r' : '/';
            from++;
        }
        if (out == end)
            return DP_EGUEST;
        *out++ = c;
    }
    *out = '\0';
    return DP_OK;
}

/* No escape but those: else a second "key" might be spelled with them. */
static bool has_plain_escapes(struct dp_slice body)
{
    const char *at = body.data, *end = body.data + body.len;

    while ((at = memchr(at, '\\', (size_t)(end - at))) != NULL) {
        if (end - at < 2 || (at[1] != 'n' && at[1] != 'r' && at[1] != '/'))
            return false;
        at += 2;
    }
    return true;
}

/* Move the key out of the answer's text, so that no JSON parser has it in memory that nobody wipes.
 */
static enum dp_err take_key(struct dp_tls_key *key, size_t *blanked, struct dp_slice body)
{
    char *from, *to;
    enum dp_err err = find_key(&from, &to, body);

    if (err == DP_OK)
        err = unescape(pem_of(key), from, to);
    if (err != DP_OK)
        return err;
    memset(from, 'x', (size_t)(to - from));
    *blanked = (size_t)(to - from);
    return has_plain_escapes(body) && find_public(key) == DP_OK ? DP_OK : DP_EGUEST;
}

static enum dp_err add_certificate(struct dp_buf *chain, struct json_object *item)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----";
    const char *text = json_object_get_string(item);

    if (!json_object_is_type(item, json_type_string) ||
        strlen(text) != (size_t)json_object_get_string_len(item) ||
        strncmp(text, begin, sizeof(begin) - 1) != 0)
        return DP_EGUEST;
    dp_buf_add_text(chain, text);
    if (text[strlen(text) - 1] != '\n')
        dp_buf_add_text(chain, "\n");
    return chain->err;
}

/* The leaf must be the key's, or nginx would not start with the two. */
static enum dp_err check_chain(const struct dp_tls_key *key, const struct dp_buf *pem)
{
    struct dp_cert_chain *chain;
    enum dp_err err = dp_cert_read(&chain, (struct dp_slice){pem->data, pem->len}, NULL);

    if (err == DP_OK && !dp_cert_has_key(chain, key->spki, key->spki_len))
        err = DP_EGUEST;
    dp_cert_free(chain);
    return err;
}

static enum dp_err read_chain(const struct dp_tls_key *key, struct dp_buf *chain,
                              struct json_object *answer, size_t blanked)
{
    struct json_object *list = NULL;
    struct dp_slice text;
    enum dp_err err = DP_OK;

    /* What stands there must be what take_key left of it. */
    if (dp_json_string(&text, answer, "key", NULL) != DP_OK || text.len != blanked ||
        strspn(text.data, "x") != blanked ||
        !json_object_object_get_ex(answer, "certificate_chain", &list) ||
        !json_object_is_type(list, json_type_array) || json_object_array_length(list) == 0)
        return DP_EGUEST;
    for (size_t i = 0; err == DP_OK && i < json_object_array_length(list); i++)
        err = add_certificate(chain, json_object_array_get_idx(list, i));
    if (err == DP_OK)
        err = check_chain(key, chain);
    return err == DP_OK || err == DP_ENOMEM ? err : DP_EGUEST;
}

static enum dp_err read_answer(struct dp_tls_key *key, struct dp_buf *chain, struct dp_slice body)
{
    struct json_object *answer = NULL;
    size_t blanked;
    enum dp_err err = take_key(key, &blanked, body);

    if (err != DP_OK)
        return err;
    if (dp_json_parse(&answer, body.data, body.len, NULL) != DP_OK)
        return DP_EGUEST;
    err = read_chain(key, chain, answer, blanked);
    json_object_put(answer);
    return err;
}

enum dp_err dp_guest_get_tls_key(struct dp_guest *guest, struct dp_tls_key *key,
                                 struct dp_buf *chain, const struct dp_tls_ask *ask)
{
    struct dp_buf request = DP_BUF_INIT(REQUEST_MAX);
    struct dp_slice body;
    char *mem = NULL;
    enum dp_err err = take_slot(key);

    if (err == DP_OK)
        err = write_request(&request, ask);
    if (err != DP_OK)
        goto out;
    err = DP_ENOMEM;
    mem = dp_secret_map(ANSWER_MAX);
    if (mem == NULL)
        goto out;
    err = dp_guest_call(guest, &body, mem, ANSWER_MAX, "/GetTlsKey", request.data, request.len);
    if (err == DP_OK)
        err = read_answer(key, chain, body);
out:
    dp_secret_unmap(mem, ANSWER_MAX);
    dp_buf_free(&request);
    return err;
}

/* --- a key of a path --- */

/* PKCS#8 of a P-256 key without its public half (RFC 5915), up to the 32 bytes of the scalar. */
static const uint8_t p256_head[] = {
    0x30, 0x41, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
    0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03,
    0x01, 0x07, 0x04, 0x27, 0x30, 0x25, 0x02, 0x01, 0x01, 0x04, 0x20,
};

/* Encoding leaves copies, hence inside dp_secret_call. */
struct encoding {
    char *pem;
    const uint8_t *scalar;
};

static void encode(void *arg)
{
    static const char begin[] = "-----BEGIN PRIVATE KEY-----\n";
    static const char end[] = "-----END PRIVATE KEY-----\n";
    struct encoding *e = arg;
    uint8_t der[sizeof(p256_head) + SCALAR_LEN];

    memcpy(e->pem, begin, sizeof(begin) - 1);
    memcpy(der, p256_head, sizeof(p256_head));
    memcpy(der + sizeof(p256_head), e->scalar, SCALAR_LEN);
    memcpy(write_lines(e->pem + sizeof(begin) - 1, der, sizeof(der)), end, sizeof(end));
}

enum dp_err dp_tls_key_derive(struct dp_guest *guest, struct dp_tls_key *key)
{
    struct dp_guest_key derived = {0};
    enum dp_err err = take_slot(key);

    if (err == DP_OK)
        err = dp_guest_get_key(guest, &derived, DP_TLS_PATH, DP_TLS_PURPOSE);
    if (err == DP_OK) {
        dp_secret_call(encode, &(struct encoding){pem_of(key), (const uint8_t *)derived.key});
        err = find_public(key) == DP_OK ? DP_OK : DP_ECRYPTO;
    }
    dp_guest_key_free(&derived);
    return err;
}

/* --- somebody else's key --- */

static enum dp_err read_file(char *out, const char *path, struct dp_detail *detail)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    size_t len = 0;
    ssize_t n = -1;

    while (fd >= 0 && len < PEM_SIZE && (n = read(fd, out + len, PEM_SIZE - len)) > 0)
        len += (size_t)n;
    if (fd >= 0)
        close(fd);
    if (n < 0)
        return dp_fail(detail, DP_EIO, path, "%s cannot be read: %m", path);
    if (len == PEM_SIZE)
        return dp_fail(detail, DP_ETOOBIG, path,
                       "%s is longer than %d bytes: give the key alone, and one of a usual size.",
                       path, PEM_SIZE - 1);
    out[len] = '\0';
    return DP_OK;
}

enum dp_err dp_tls_key_read(struct dp_tls_key *key, const char *path, struct dp_detail *detail)
{
    enum dp_err err = take_slot(key);

    if (err == DP_OK)
        err = read_file(pem_of(key), path, detail);
    if (err == DP_OK && find_public(key) != DP_OK)
        err = dp_fail(detail, DP_EFORMAT, path,
                      "%s holds no private key as PEM, or one under a password.", path);
    return err;
}

/* --- signing request --- */

static bool add_names(X509_REQ *req, const char *const *names, size_t count)
{
    GENERAL_NAMES *list = GENERAL_NAMES_new();
    STACK_OF(X509_EXTENSION) *extensions = NULL;
    bool done = list != NULL;

    for (size_t i = 0; done && i < count; i++) {
        ASN1_OCTET_STRING *address = a2i_IPADDRESS(names[i]);
        GENERAL_NAME *name =
            a2i_GENERAL_NAME(NULL, NULL, NULL, address != NULL ? GEN_IPADD : GEN_DNS, names[i], 0);

        ASN1_OCTET_STRING_free(address);
        done = name != NULL && sk_GENERAL_NAME_push(list, name) > 0;
    }
    done = done && X509V3_add1_i2d(&extensions, NID_subject_alt_name, list, 0, 0) == 1 &&
           X509_REQ_add_extensions(req, extensions) == 1;
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    GENERAL_NAMES_free(list);
    return done;
}

/* The names alone: authorities read those, and a common name may have but 64 characters. */
static bool fill_request(X509_REQ *req, EVP_PKEY *pkey, const char *const *names, size_t count)
{
    return X509_REQ_set_version(req, X509_REQ_VERSION_1) == 1 &&
           X509_REQ_set_pubkey(req, pkey) == 1 && add_names(req, names, count) &&
           X509_REQ_sign(req, pkey, EVP_sha256()) > 0;
}

static enum dp_err add_request(struct dp_buf *out, X509_REQ *req)
{
    unsigned char *der = NULL;
    int len = i2d_X509_REQ(req, &der);
    char *room = len > 0 ? dp_buf_room(out, 2 * (size_t)len + 128) : NULL;

    if (room != NULL) {
        char *at = stpcpy(room, "-----BEGIN CERTIFICATE REQUEST-----\n");

        at = write_lines(at, der, (size_t)len);
        at = stpcpy(at, "-----END CERTIFICATE REQUEST-----\n");
        dp_buf_grew(out, (size_t)(at - room));
    }
    OPENSSL_free(der);
    return len > 0 ? out->err : DP_ECRYPTO;
}

enum dp_err dp_tls_key_csr(const struct dp_tls_key *key, struct dp_buf *out,
                           const char *const *names, size_t name_count)
{
    EVP_PKEY *pkey = load(key);
    X509_REQ *req = X509_REQ_new();
    enum dp_err err = DP_ECRYPTO;

    if (pkey != NULL && req != NULL && fill_request(req, pkey, names, name_count))
        err = add_request(out, req);
    X509_REQ_free(req);
    EVP_PKEY_free(pkey);
    return err;
}

/* --- the file --- */

static enum dp_err check_memory(int fd, const char *dir, struct dp_detail *detail)
{
    struct statfs fs;

    if (fd < 0 || fstatfs(fd, &fs) != 0)
        return dp_fail(detail, DP_EIO, dir, "%s cannot be opened: %m", dir);
    if (fs.f_type != TMPFS_MAGIC && fs.f_type != RAMFS_MAGIC)
        return dp_fail(
            detail, DP_EINVAL, dir,
            "%s is on a disk, and a private key is not to be written there: set RUN_DIR to "
            "a folder on a tmpfs, such as one in /run or /dev/shm.",
            dir);
    return DP_OK;
}

static bool write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);

        if (n < 0 && errno != EINTR)
            return false;
        data += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

static bool write_file(int dir, const char *name, const struct dp_tls_key *key,
                       struct dp_slice head)
{
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool done = fd >= 0 && write_all(fd, head.data, head.len) &&
                write_all(fd, pem_of(key), strlen(pem_of(key)));

    if (fd >= 0 && close(fd) != 0)
        done = false;
    return done;
}

static enum dp_err replace_file(int dir, const char *name, const struct dp_tls_key *key,
                                struct dp_slice head)
{
    char temporary[NAME_MAX + 1] = ".";
    bool done;

    strncat(temporary, name, sizeof(temporary) - 2);
    /* One at a time. What is there by that name was left by one that was killed. */
    if (flock(dir, LOCK_EX) != 0 || (unlinkat(dir, temporary, 0) != 0 && errno != ENOENT))
        return DP_EIO;
    done = write_file(dir, temporary, key, head) && renameat(dir, temporary, dir, name) == 0;
    if (!done)
        unlinkat(dir, temporary, 0);
    return done ? DP_OK : DP_EIO;
}

enum dp_err dp_tls_key_store(const struct dp_tls_key *key, struct dp_slice head, const char *dir,
                             const char *name, struct dp_detail *detail)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum dp_err err = check_memory(fd, dir, detail);

    if (err == DP_OK && replace_file(fd, name, key, head) != DP_OK)
        err = dp_fail(detail, DP_EIO, dir, "%s/%s cannot be written.", dir, name);
    if (fd >= 0)
        close(fd);
    return err;
}
