/* options.h - what the command line of dstack-sim says. */
#ifndef DP_SIM_OPTIONS_H
#define DP_SIM_OPTIONS_H

#include <sys/types.h>

#include "ethereum/address.h"
#include "sim.h"
#include "td.h"

#define SIM_EXIT_USAGE 2

struct sim_options {
    const char *socket, *data;
    struct sim_setup setup;           /* NULL: the file in data */
    uint8_t app_auth[DP_ADDRESS_LEN]; /* what setup may point to */
    uint8_t instance_id[SIM_INSTANCE_ID_LEN];
    mode_t mode;
};

/* Fill *out, which is not to be moved then. Ends the program where an option is wrong, or is --help
 * or
 * --version. */
void sim_options_read(struct sim_options *out, int argc, char **argv);

/* End the program with one line on standard error. */
void __attribute__((noreturn)) sim_fail(int status, const char *text);

#endif
