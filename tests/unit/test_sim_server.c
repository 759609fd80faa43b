/* test_sim_server.c - dstack-sim over a real socket: who may listen, and what HTTP answers. */
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sim/listen.h"
#include "sim/server.h"

struct fixture {
    struct sim sim;
    struct MHD_Daemon *daemon;
    char dir[64], socket[80];
};

static void open_sim(struct sim *out)
{
    static const char *const names[] = {"appkeys.json", "app-compose.json", "sys-config.json",
                                        "attestation.bin"};
    const char *dir = getenv("DP_VECTORS");
    char paths[4][512];
    struct dp_detail detail;

    assert_non_null(dir);
    for (size_t i = 0; i < 4; i++)
        snprintf(paths[i], sizeof(paths[i]), "%s/simulator/gen2/%s", dir, names[i]);
    if (sim_open(out,
                 &(struct sim_setup){.keys = paths[0],
                                     .app_compose = paths[1],
                                     .sys_config = paths[2],
                                     .attestation = paths[3]},
                 &detail) != DP_OK)
        fail_msg("%s", detail.text);
}

static int start(void **state)
{
    static struct fixture f = {.dir = "/tmp/dstack-sim-XXXXXX"};
    int fd;

    assert_int_equal(dp_secp_init(), DP_OK);
    assert_int_equal(sim_keys_init(), DP_OK);
    open_sim(&f.sim);
    assert_non_null(mkdtemp(f.dir));
    snprintf(f.socket, sizeof(f.socket), "%s/s", f.dir);
    assert_int_equal(sim_listen(&fd, f.socket, 0640, NULL), DP_OK);
    f.daemon = sim_server_start(&f.sim, fd);
    assert_non_null(f.daemon);
    *state = &f;
    return 0;
}

static int stop(void **state)
{
    struct fixture *f = *state;

    sim_server_stop(f->daemon);
    unlink(f->socket);
    rmdir(f->dir);
    sim_close(&f->sim);
    sim_keys_free();
    return 0;
}

static int dial(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

/* Send a request as it is and return all that comes back until the server closes. */
static const char *talk(const struct fixture *f, const char *request)
{
    static char answer[65536];
    int fd = dial(f->socket);
    size_t len = 0;
    ssize_t n;

    assert_int_equal(write(fd, request, strlen(request)), strlen(request));
    while ((n = read(fd, answer + len, sizeof(answer) - 1 - len)) > 0)
        len += (size_t)n;
    answer[len] = '\0';
    close(fd);
    return answer;
}

static void assert_answer(const char *answer, const char *status, const char *body)
{
    const char *end = strstr(answer, "\r\n\r\n");

    assert_non_null(end);
    if (strncmp(answer, "HTTP/1.1 ", 9) != 0 || strncmp(answer + 9, status, 3) != 0 ||
        (body != NULL && strcmp(end + 4, body) != 0))
        fail_msg("%s", answer);
}

#define TAIL " HTTP/1.1\r\nHost: dstack\r\nConnection: close\r\n"
#define JSON "Content-Type: application/json\r\n"
#define VERSION_ANSWER "{\"version\":\"0.6.0\",\"rev\":\"dstack-sim\"}"

static const struct {
    const char *name, *request, *status, *body;
} cases[] = {
    {"GET", "GET /Version" TAIL "\r\n", "200", VERSION_ANSWER},
    {"POST of JSON", "POST /Version" TAIL JSON "Content-Length: 2\r\n\r\n{}", "200",
     VERSION_ANSWER},
    {"POST of nothing", "POST /Version" TAIL JSON "Content-Length: 0\r\n\r\n", "200",
     VERSION_ANSWER},
    {"content type with a parameter",
     "POST /Version" TAIL "Content-Type: Application/JSON; charset=utf-8\r\n"
     "Content-Length: 2\r\n\r\n{}",
     "200", VERSION_ANSWER},
    {"JSON by the query", "POST /Version?json" TAIL "Content-Length: 2\r\n\r\n{}", "200",
     VERSION_ANSWER},
    {"JSON by the query, 1", "POST /Version?a=b&json=1" TAIL "Content-Length: 0\r\n\r\n", "200",
     VERSION_ANSWER},
    {"JSON by the query, true", "POST /Version?json=true" TAIL "Content-Length: 0\r\n\r\n", "200",
     VERSION_ANSWER},
    {"protobuf", "POST /Version" TAIL "Content-Length: 0\r\n\r\n", "400",
     "{\n  \"error\": \"Only JSON is spoken here: send Content-Type: application/json\"\n}"},
    {"another content type",
     "POST /Version" TAIL "Content-Type: application/jsonp\r\nContent-Length: 0\r\n\r\n", "400",
     NULL},
    {"unknown method", "GET /EmitEvent" TAIL "\r\n", "400",
     "{\n  \"error\": \"Service not found: EmitEvent\"\n}"},
    {"method in another case", "GET /version" TAIL "\r\n", "400", NULL},
    {"method not served", "GET /GpuInfo" TAIL "\r\n", "400",
     "{\n  \"error\": \"GpuInfo is not served by this simulator\"\n}"},
    {"no JSON", "POST /GetKey" TAIL JSON "Content-Length: 1\r\n\r\n[", "400", NULL},
    {"field twice", "GET /GetKey?path=a&path=b" TAIL "\r\n", "400", NULL},
    {"no method", "GET /" TAIL "\r\n", "404", NULL},
    {"two segments", "GET /v1/Version" TAIL "\r\n", "404", NULL},
    {"the agent of old", "GET /prpc/Tappd.Version" TAIL "\r\n", "200", NULL},
    {"the agent of old, no method", "GET /prpc/" TAIL "\r\n", "404", NULL},
    {"slash at the end", "GET /Version/" TAIL "\r\n", "404", NULL},
    {"PUT", "PUT /Version" TAIL "Content-Length: 0\r\n\r\n", "404", NULL},
    {"DELETE", "DELETE /Version" TAIL "\r\n", "404", NULL},
    {"body over the limit", "POST /Version" TAIL JSON "Content-Length: 10485761\r\n\r\n", "400",
     NULL},
};

static void requests_have_their_answers(void **state)
{
    const struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        print_message("%s\n", cases[i].name);
        assert_answer(talk(f, cases[i].request), cases[i].status, cases[i].body);
    }
}

static void query_and_body_give_the_same_key(void **state)
{
    const struct fixture *f = *state;
    char first[1024];
    const char *answer = talk(f, "GET /GetKey?path=a+b&purpose=c" TAIL "\r\n");

    snprintf(first, sizeof(first), "%s", strstr(answer, "\r\n\r\n") + 4);
    assert_non_null(strstr(first, "\"signature_chain\":["));
    answer = talk(f, "POST /GetKey" TAIL JSON "Content-Length: 28\r\n\r\n"
                     "{\"path\":\"a b\",\"purpose\":\"c\"}");
    assert_answer(answer, "200", first);
}

static void a_connection_serves_many_requests(void **state)
{
    static const char request[] = "GET /Version HTTP/1.1\r\nHost: dstack\r\n\r\n";
    const struct fixture *f = *state;
    int fd = dial(f->socket);

    for (unsigned i = 0; i < 3; i++) {
        char answer[1024];
        size_t len = 0;

        assert_int_equal(write(fd, request, sizeof(request) - 1), sizeof(request) - 1);
        do {
            ssize_t n = read(fd, answer + len, sizeof(answer) - 1 - len);

            assert_true(n > 0);
            len += (size_t)n;
            answer[len] = '\0';
        } while (strstr(answer, VERSION_ANSWER) == NULL);
        assert_answer(answer, "200", VERSION_ANSWER);
    }
    close(fd);
}

static void a_live_socket_is_not_taken(void **state)
{
    const struct fixture *f = *state;
    struct dp_detail detail;
    int fd;

    assert_int_equal(sim_listen(&fd, f->socket, 0600, &detail), DP_ECONFLICT);
    assert_int_equal(fd, -1);
    assert_non_null(strstr(detail.text, f->socket));
    assert_answer(talk(f, "GET /Version" TAIL "\r\n"), "200", VERSION_ANSWER);
}

static void a_stale_socket_is_replaced(void **state)
{
    const struct fixture *f = *state;
    char path[96];
    int fd;

    snprintf(path, sizeof(path), "%s/stale", f->dir);
    assert_int_equal(sim_listen(&fd, path, 0600, NULL), DP_OK);
    close(fd);
    assert_int_equal(sim_listen(&fd, path, 0600, NULL), DP_OK);
    close(fd);
    unlink(path);
}

static void a_file_is_not_taken_for_a_socket(void **state)
{
    const struct fixture *f = *state;
    char path[96];
    FILE *file;
    int fd;

    snprintf(path, sizeof(path), "%s/file", f->dir);
    file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
    assert_int_equal(sim_listen(&fd, path, 0600, NULL), DP_ECONFLICT);
    assert_int_equal(access(path, F_OK), 0);
    unlink(path);
}

static void the_socket_has_the_mode_asked_for(void **state)
{
    const struct fixture *f = *state;
    struct stat st;

    assert_int_equal(stat(f->socket, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
}

static void a_path_too_long_is_refused(void **state)
{
    char path[200];
    int fd;

    (void)state;
    memset(path, 'a', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    assert_int_equal(sim_listen(&fd, path, 0600, NULL), DP_EINVAL);
    assert_int_equal(sim_listen(&fd, "", 0600, NULL), DP_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_have_their_answers),
        cmocka_unit_test(query_and_body_give_the_same_key),
        cmocka_unit_test(a_connection_serves_many_requests),
        cmocka_unit_test(a_live_socket_is_not_taken),
        cmocka_unit_test(a_stale_socket_is_replaced),
        cmocka_unit_test(a_file_is_not_taken_for_a_socket),
        cmocka_unit_test(the_socket_has_the_mode_asked_for),
        cmocka_unit_test(a_path_too_long_is_refused),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
