/* server.h - HTTP over the socket: routes a request to its method and writes the answer. */
#ifndef DP_SIM_SERVER_H
#define DP_SIM_SERVER_H

#include "sim.h"

struct MHD_Daemon;

/* Serve in threads of its own until stopped; takes over fd. NULL where that fails. */
struct MHD_Daemon *sim_server_start(const struct sim *sim, int fd);

/* Close the socket and end the threads. */
void sim_server_stop(struct MHD_Daemon *daemon);

#endif
