/* trust.c - the test root of a simulator, and what those who verify need of it. */
#include "trust.h"

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

static enum dp_err write_file(const char *path, const struct dp_buf *content,
                              struct dp_detail *detail)
{
    FILE *file = fopen(path, "wb");
    bool done = file != NULL && fwrite(content->data, 1, content->len, file) == content->len;

    if (file != NULL)
        done = fclose(file) == 0 && done;
    return done ? DP_OK : dp_fail(detail, DP_EIO, path, "%s cannot be written: %m", path);
}

static enum dp_err write_root(const struct sim_pki *pki, const char *path, struct dp_detail *detail)
{
    struct dp_buf pem = DP_BUF_INIT(SIM_FILE_MAX);
    enum dp_err err = sim_pki_chain(pki, &pem, SIM_ROOT);

    if (err == DP_OK)
        err = write_file(path, &pem, detail);
    dp_buf_free(&pem);
    return err;
}

static enum dp_err write_collateral(const struct sim_pki *pki, const struct sim_setup *setup,
                                    struct dp_detail *detail)
{
    struct dp_buf json = DP_BUF_INIT(SIM_FILE_MAX);
    enum dp_err err = sim_collateral_write(&json, pki, setup->tcb, setup->fault, time(NULL));

    if (err == DP_OK)
        err = write_file(setup->collateral, &json, detail);
    dp_buf_free(&json);
    return err;
}

static enum dp_err write_files(const struct sim_pki *pki, const struct sim_setup *setup,
                               struct dp_detail *detail)
{
    enum dp_err err = DP_OK;

    if (setup->root != NULL)
        err = write_root(pki, setup->root, detail);
    if (err == DP_OK && setup->collateral != NULL)
        err = write_collateral(pki, setup, detail);
    return err;
}

enum dp_err sim_trust_make(struct sim *sim, const struct sim_setup *setup, struct dp_detail *detail)
{
    enum dp_err err =
        setup->pki != NULL ? sim_pki_share(&sim->pki, setup->pki, detail) : sim_pki_make(&sim->pki);

    if (err == DP_OK)
        err = write_files(&sim->pki, setup, detail);
    if (err == DP_OK && setup->fault == SIM_FAULT_ROOT) {
        sim_pki_free(&sim->pki);
        err = sim_pki_make(&sim->pki);
    }
    if (err == DP_OK)
        err = sim_pki_chain(&sim->pki, &sim->pck_chain, SIM_PCK);
    sim->quoting = (struct sim_quoting){
        .pki = &sim->pki,
        .pck_chain = {sim->pck_chain.data, sim->pck_chain.len},
        .fault = setup->fault,
    };
    return err;
}

void sim_trust_free(struct sim *sim)
{
    sim_pki_free(&sim->pki);
    dp_buf_free(&sim->pck_chain);
}
