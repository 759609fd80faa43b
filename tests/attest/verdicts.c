/* verdicts.c - one verdict a case, for those who have thousands: see tests/attest/README.md. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attest/dcap.h"

#define PART_MAX (8 * 1024 * 1024)

/* Each part: its length in decimal, a line end, its bytes. Returns: false at the end of input */
static bool read_part(struct dp_slice *out, char *room)
{
    char line[32];

    if (fgets(line, sizeof(line), stdin) == NULL)
        return false;
    *out = (struct dp_slice){room, strtoull(line, NULL, 10)};
    if (out->len > PART_MAX || fread(room, 1, out->len, stdin) != out->len)
        exit(EXIT_FAILURE);
    return true;
}

static void print(const struct dp_dcap_result *result)
{
    if (result->fault.failure != DP_DCAP_VALID) {
        printf("%s", dp_dcap_failure_name(result->fault.failure));
    } else {
        printf("valid %s", dp_tcb_status_name(result->verdict.status));
        for (size_t i = 0; i < result->verdict.len; i++)
            printf(" %.*s", (int)result->verdict.advisories[i].len,
                   result->verdict.advisories[i].data);
    }
}

static void judge(const struct dp_slice *parts)
{
    struct dp_collateral *collateral;
    struct dp_dcap_result result;

    if (dp_collateral_read(&collateral, parts[1], parts[2], NULL) != DP_OK) {
        puts("collateral");
        return;
    }
    if (dp_dcap_verify(&result, (const uint8_t *)parts[0].data, parts[0].len, collateral,
                       strtoll(parts[3].data, NULL, 10)) == DP_OK ||
        result.fault.failure != DP_DCAP_VALID)
        print(&result);
    putchar('\n');
    dp_collateral_free(collateral);
}

/* A case is four parts: quote, collateral as JSON, root, time. */
int main(void)
{
    struct dp_slice parts[4];
    char *room = malloc(4 * (PART_MAX + 1));

    if (room == NULL)
        return EXIT_FAILURE;
    while (read_part(&parts[0], room) && read_part(&parts[1], room + PART_MAX + 1) &&
           read_part(&parts[2], room + 2 * (PART_MAX + 1)) &&
           read_part(&parts[3], room + 3 * (PART_MAX + 1))) {
        room[3 * (PART_MAX + 1) + parts[3].len] = '\0';
        judge(parts);
    }
    free(room);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
