/* pki_file.c - a test root that several simulators have in common, in a file. Holds their keys:
 * secrets. */
#include "pki.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

/* --- reading --- */

static bool read_signers(struct sim_pki *out, FILE *file)
{
    bool done = true;

    memset(out, 0, sizeof(*out));
    for (int who = 0; done && who < SIM_SIGNERS; who++) {
        out->key[who] = PEM_read_PrivateKey(file, NULL, NULL, NULL);
        out->cert[who] = PEM_read_X509(file, NULL, NULL, NULL);
        done = out->key[who] != NULL && out->cert[who] != NULL &&
               X509_check_private_key(out->cert[who], out->key[who]) == 1;
    }
    return done;
}

static enum dp_err read_file(struct sim_pki *out, const char *path, struct dp_detail *detail)
{
    FILE *file = fopen(path, "re");
    bool done;

    if (file == NULL)
        return dp_fail(detail, DP_EIO, path, "%s cannot be read: %m", path);
    done = read_signers(out, file);
    fclose(file);
    return done ? DP_OK
                : dp_fail(detail, DP_EFORMAT, path, "%s is no test root that --pki wrote", path);
}

/* --- writing --- */

static bool write_signers(const struct sim_pki *pki, FILE *file)
{
    bool done = true;

    for (int who = 0; done && who < SIM_SIGNERS; who++)
        done = PEM_write_PrivateKey(file, pki->key[who], NULL, NULL, 0, NULL, NULL) == 1 &&
               PEM_write_X509(file, pki->cert[who]) == 1;
    return done;
}

static bool write_file(const struct sim_pki *pki, const char *path)
{
    int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    bool done = file != NULL && write_signers(pki, file);

    if (file != NULL)
        done = fclose(file) == 0 && done;
    return done;
}

/* Whole or not at all, and never in place of another's: of several that start at once one wins. */
static enum dp_err make_file(const char *path, struct dp_detail *detail)
{
    char made[PATH_MAX];
    struct sim_pki pki;
    enum dp_err err = sim_pki_make(&pki);

    if (err == DP_OK &&
        snprintf(made, sizeof(made), "%s.%d", path, (int)getpid()) >= (int)sizeof(made))
        err = dp_fail(detail, DP_EINVAL, path, "the path of --pki is too long");
    if (err == DP_OK) {
        if (!write_file(&pki, made) || (link(made, path) != 0 && errno != EEXIST))
            err = dp_fail(detail, DP_EIO, path, "%s cannot be written: %m", path);
        unlink(made);
    }
    sim_pki_free(&pki);
    return err;
}

enum dp_err sim_pki_share(struct sim_pki *out, const char *path, struct dp_detail *detail)
{
    enum dp_err err = DP_OK;

    memset(out, 0, sizeof(*out));
    if (access(path, F_OK) != 0)
        err = make_file(path, detail);
    return err == DP_OK ? read_file(out, path, detail) : err;
}
