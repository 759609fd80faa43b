#include "agent.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

struct agent {
    struct temp temp;
    char socket[TEMP_SIZE];
    struct server *server;
    agent_fn *answer;
    atomic_int mode;
    atomic_uint infos, keys;
};

/* The text between two marks, or "". */
static void cut(char *out, size_t size, const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from), *end = at == NULL ? NULL : strstr(at + strlen(from), to);

    out[0] = '\0';
    if (end != NULL)
        snprintf(out, size, "%.*s", (int)(end - at - (long)strlen(from)), at + strlen(from));
}

static bool answer(int fd, const struct request *request, void *arg)
{
    struct agent *agent = arg;
    struct agent_answer out = {.status = 200};
    char method[64], path[256], head[128];

    cut(method, sizeof(method), request->text, "POST /", " ");
    cut(path, sizeof(path), request->text, "\"path\":\"", "\"");
    atomic_fetch_add(strcmp(method, "Info") == 0 ? &agent->infos : &agent->keys, 1);
    agent->answer(&out, method, path, atomic_load(&agent->mode));
    snprintf(head, sizeof(head), "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n\r\n", out.status,
             strlen(out.text));
    return send_text(fd, head) && send_text(fd, out.text);
}

struct agent *agent_start(agent_fn *fn)
{
    struct agent *agent =
        mmap(NULL, sizeof(*agent), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    assert_ptr_not_equal(agent, MAP_FAILED);
    agent->answer = fn;
    temp_make(&agent->temp);
    temp_path(agent->socket, &agent->temp, "dstack.sock");
    agent->server = server_listen(agent->socket, answer, agent);
    server_fork(agent->server);
    return agent;
}

void agent_stop(struct agent *agent)
{
    server_stop(agent->server);
    temp_remove(&agent->temp);
    munmap(agent, sizeof(*agent));
}

const char *agent_socket(const struct agent *agent)
{
    return agent->socket;
}

void agent_set_mode(struct agent *agent, int mode)
{
    atomic_store(&agent->mode, mode);
}

unsigned agent_infos(const struct agent *agent)
{
    return atomic_load(&agent->infos);
}

unsigned agent_keys(const struct agent *agent)
{
    return atomic_load(&agent->keys);
}
