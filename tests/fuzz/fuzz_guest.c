/* fuzz_guest.c - whatever bytes a guest agent answers with: a key is given whole or not at all. */
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/metrics.h"
#include "base/secret.h"
#include "dstack/guest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the agent answers; set before a call, read during it. A copy, as the fuzzer frees its own.
 */
static uint8_t answer[64 * 1024];
static size_t answer_len;
static int listener;
static struct dp_guest *guest;
static struct sockaddr_un address = {.sun_family = AF_UNIX};

static void *serve(void *arg)
{
    char request[2048];

    for (;;) {
        int fd = accept(listener, NULL, NULL);

        if (fd < 0 || recv(fd, request, sizeof(request), 0) <= 0)
            abort();
        (void)!send(fd, answer, answer_len, MSG_NOSIGNAL);
        close(fd);
    }
    return arg;
}

static void remove_socket(void)
{
    unlink(address.sun_path);
}

static void start(void)
{
    pthread_t thread;

    snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/fuzz-guest.%d", (int)getpid());
    unlink(address.sun_path);
    atexit(remove_socket);
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(listener, 8) != 0 || dp_secp_init() != DP_OK || dp_secret_init() != DP_OK ||
        dp_metrics_open(NULL) != DP_OK || dp_guest_open(&guest, address.sun_path) != DP_OK ||
        pthread_create(&thread, NULL, serve, NULL) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dp_guest_key key;
    struct json_object *info;
    uint8_t pub[DP_SECP_PUB_LEN];

    if (guest == NULL)
        start();
    answer_len = size < sizeof(answer) ? size : sizeof(answer);
    memcpy(answer, data, answer_len);
    if (dp_guest_get_key(guest, &key, "fuzz", "ethereum") == DP_OK &&
        (dp_secp_public(pub, key.key) != DP_OK || memcmp(pub, key.public_key, sizeof(pub)) != 0))
        abort();
    dp_guest_key_free(&key);
    if (dp_guest_info(guest, &info) == DP_OK)
        json_object_put(info);
    else if (info != NULL)
        abort();
    return 0;
}
