/* agent.h - a guest agent that says what a test wants, in a process of its own. */
#ifndef TESTS_UNIT_AGENT_H
#define TESTS_UNIT_AGENT_H

#include "helper.h"

struct agent;

/* What it answers to a request; text is what follows the empty line of a 200. */
struct agent_answer {
    int status;
    char text[8000];
};

/* method without its slash; path is that of GetKey's request, or "". */
typedef void agent_fn(struct agent_answer *out, const char *method, const char *path, int mode);

struct agent *agent_start(agent_fn *answer);
void agent_stop(struct agent *agent);
const char *agent_socket(const struct agent *agent);
/* Handed to each later call of the function. */
void agent_set_mode(struct agent *agent, int mode);
/* Requests so far. */
unsigned agent_infos(const struct agent *agent);
unsigned agent_keys(const struct agent *agent);

#endif
