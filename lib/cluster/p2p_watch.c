/* p2p_watch.c - dstack_p2p: who is there from now on. */
#include "cluster/p2p.h"

#include <string.h>

#include "base/clock.h"
#include "ethereum/subscription.h"

#define STEP_MS 200 /* how often a watch looks whether it is to end */
#define SUBSCRIBE_WITHIN_MS 5000
#define SUBSCRIBE_AGAIN_US 60000000 /* after a refusal */

/* What wakes a watch before its interval is over, where a node offers it. */
struct waker {
    struct dp_subscription *subscription;
    int64_t again_at; /* by dp_clock_mono_us */
};

static bool is_same_peer(const struct dstack_p2p_peer *a, const struct dstack_p2p_peer *b)
{
    return a->token_id == b->token_id && a->is_wireguard == b->is_wireguard &&
           strcmp(a->instance_id, b->instance_id) == 0 && strcmp(a->app_id, b->app_id) == 0 &&
           memcmp(a->wireguard_key, b->wireguard_key, sizeof(a->wireguard_key)) == 0 &&
           strcmp(a->endpoint, b->endpoint) == 0;
}

/* Blocks and leases go on without news. */
static bool is_same_list(const struct dstack_p2p_peers *a, const struct dstack_p2p_peers *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        if (!is_same_peer(&a->list[i], &b->list[i]))
            return false;
    }
    return a->count == b->count;
}

/* --- waiting --- */

static void subscribe(struct waker *waker, const struct dstack_p2p *p2p)
{
    if (waker->subscription != NULL || p2p->subscribe_url == NULL ||
        dp_clock_mono_us() < waker->again_at)
        return;
    waker->again_at = dp_clock_mono_us() + SUBSCRIBE_AGAIN_US;
    /* Where there is none the interval does. */
    if (dp_subscription_open(&waker->subscription, p2p->subscribe_url, p2p->join.contract,
                             SUBSCRIBE_WITHIN_MS, NULL) != DP_OK)
        waker->subscription = NULL;
}

/* Returns: has the contract said something? */
static bool wait_step(struct waker *waker, struct dstack_p2p *p2p, unsigned ms)
{
    enum dp_err err = DP_EIO;

    if (waker->subscription != NULL)
        err = dp_subscription_wait(waker->subscription, ms);
    if (err == DP_EIO) {
        dp_subscription_close(waker->subscription);
        waker->subscription = NULL;
        dp_p2p_pause(p2p, ms);
    }
    return err == DP_OK;
}

static void wait_for(struct waker *waker, struct dstack_p2p *p2p, unsigned interval_ms)
{
    const int64_t end = dp_clock_mono_us() + (int64_t)interval_ms * 1000;
    int64_t left = interval_ms;

    subscribe(waker, p2p);
    while (left > 0 && !atomic_load(&p2p->stop) &&
           !wait_step(waker, p2p, (unsigned)(left < STEP_MS ? left : STEP_MS)))
        left = (end - dp_clock_mono_us()) / 1000;
}

/* --- watching --- */

void dp_p2p_watch_each(struct dstack_p2p *p2p, unsigned interval_ms, dp_p2p_each *each, void *arg)
{
    struct dstack_p2p_peers *last = NULL;
    struct waker waker = {.subscription = NULL};
    enum dstack_p2p_error last_error = DSTACK_P2P_OK;
    bool is_first = true;
    int end = 0;

    while (end == 0 && !atomic_load(&p2p->stop)) {
        struct dstack_p2p_peers *peers;
        enum dstack_p2p_error error = dp_p2p_read_peers(p2p, &peers);

        end =
            each(peers, error, is_first || error != last_error || !is_same_list(peers, last), arg);
        dstack_p2p_peers_free(last);
        last = peers;
        last_error = error;
        is_first = false;
        if (end == 0)
            wait_for(&waker, p2p, interval_ms);
    }
    dstack_p2p_peers_free(last);
    dp_subscription_close(waker.subscription);
    atomic_store(&p2p->stop, false);
}

/* Whom a watch tells of changes alone. */
struct told {
    dstack_p2p_tell *tell;
    void *arg;
};

static int tell_news(const struct dstack_p2p_peers *peers, enum dstack_p2p_error error,
                     bool is_news, void *arg)
{
    const struct told *told = arg;

    return is_news ? told->tell(peers, error, told->arg) : 0;
}

enum dstack_p2p_error dstack_p2p_watch(struct dstack_p2p *p2p, unsigned interval_ms,
                                       dstack_p2p_tell *tell, void *arg)
{
    struct told told = {tell, arg};

    dp_p2p_watch_each(p2p, interval_ms, tell_news, &told);
    return DSTACK_P2P_OK;
}
