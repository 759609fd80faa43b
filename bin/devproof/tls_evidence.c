/* tls_evidence.c - what nginx serves at /evidences/, in the layout of dstack-ingress: the
 * certificate, the sums, and a quote over them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/sha.h>

#include "base/hex.h"
#include "base/json.h"
#include "devproof/tls.h"
#include "dstack/guest_quote.h"

#define SUMS "sha256sum.txt"
#define QUOTE "quote.json"
#define SUMS_MAX (TLS_NAMES_MAX * 512)
#define ANSWER_MAX (4 * 1024 * 1024)
#define PLACE_MAX (PATH_MAX + 300) /* a folder, and a name of NAME_MAX */

/* Says what is wrong by errno. */
static bool write_file(const char *dir, const char *name, const struct dp_buf *content)
{
    char path[PLACE_MAX];
    FILE *file;
    bool done;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    file = fopen(path, "we");
    done = file != NULL && fwrite(content->data, 1, content->len, file) == content->len;
    if (file != NULL)
        done = fclose(file) == 0 && done;
    return done;
}

/* A folder of files, and no others. */
static void remove_folder(const char *dir)
{
    DIR *list = opendir(dir);
    struct dirent *entry;

    while (list != NULL && (entry = readdir(list)) != NULL)
        unlinkat(dirfd(list), entry->d_name, 0);
    if (list != NULL)
        closedir(list);
    rmdir(dir);
}

/* One file for each name, and its line. */
static bool write_certificates(const struct tls *tls, const char *dir, const struct dp_buf *chain,
                               struct dp_buf *sums)
{
    uint8_t digest[SHA256_DIGEST_LENGTH];
    char hex[2 * sizeof(digest) + 1], name[NAME_MAX + 1];

    SHA256((const uint8_t *)chain->data, chain->len, digest);
    dp_hex_encode(hex, digest, sizeof(digest));
    for (size_t i = 0; i < tls->name_count; i++) {
        snprintf(name, sizeof(name), "cert-%s.pem", tls->names[i]);
        if (!write_file(dir, name, chain))
            return false;
        dp_buf_addf(sums, "%s  %s\n", hex, name);
    }
    return sums->err == DP_OK && write_file(dir, SUMS, sums);
}

/* Report data: SHA-256 of the sums, then zeros. */
static enum dp_err get_quote(struct dp_buf *out, struct dp_guest *guest, const struct dp_buf *sums)
{
    uint8_t report_data[DP_GUEST_REPORT_DATA_LEN] = {0};
    struct json_object *quote = NULL;
    enum dp_err err;

    SHA256((const uint8_t *)sums->data, sums->len, report_data);
    err = dp_guest_quote(guest, &quote, report_data);
    if (err == DP_OK) {
        dp_json_write(out, quote);
        err = out->err;
    }
    json_object_put(quote);
    return err;
}

static bool fill(const struct tls *tls, struct dp_guest *guest, const char *dir,
                 const struct dp_buf *chain)
{
    struct dp_buf sums = DP_BUF_INIT(SUMS_MAX), quote = DP_BUF_INIT(ANSWER_MAX);
    enum dp_err err;
    bool done = write_certificates(tls, dir, chain, &sums);

    if (done) {
        err = get_quote(&quote, guest, &sums);
        done = err == DP_OK && write_file(dir, QUOTE, &quote);
        if (err != DP_OK)
            client_fail(&tls->client, 0, "nothing at /evidences/: the guest agent gives no quote.");
    } else {
        client_fail(&tls->client, 0, "nothing at /evidences/: %s.", strerror(errno));
    }
    dp_buf_free(&quote);
    dp_buf_free(&sums);
    return done;
}

/* All of it at once: sums of one time and a quote of another would fit nothing. */
static void put_in_place(const char *made, const char *place)
{
    if (renameat2(AT_FDCWD, made, AT_FDCWD, place, RENAME_EXCHANGE) == 0)
        remove_folder(made);
    else if (rename(made, place) != 0)
        remove_folder(made);
}

void tls_write_evidence(const struct tls *tls, struct dp_guest *guest,
                        const struct dp_cert_chain *chain)
{
    struct dp_buf pem = DP_BUF_INIT(DP_TLS_CHAIN_MAX);
    char made[PATH_MAX + 32], place[PATH_MAX + 32];

    snprintf(place, sizeof(place), "%s/evidences", tls->public_dir);
    snprintf(made, sizeof(made), "%s/.evidences.%d", tls->public_dir, (int)getpid());
    dp_cert_write(&pem, chain);
    if (pem.err == DP_OK && mkdir(made, 0700) == 0 && fill(tls, guest, made, &pem)) {
        put_in_place(made, place);
    } else {
        remove_folder(made);
        remove_folder(place); /* what is there is of another certificate */
    }
    dp_buf_free(&pem);
}
