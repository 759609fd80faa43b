/* test_tunnel_frame.c - datagrams in a stream that is cut anywhere; lengths that end it. */
#include "helper.h"

#include <string.h>

#include "cluster/tunnel_frame.h"

#define DATAGRAMS 4
#define STREAM_MAX (DATAGRAMS * DP_TUNNEL_FRAME_MAX)

/* Of WireGuard: a handshake, its answer, a keepalive; and the longest there may be. */
static const size_t lengths[DATAGRAMS] = {148, 92, 32, DP_TUNNEL_DATAGRAM_MAX};

struct taken {
    size_t count, bytes;
    bool as_sent;
};

static uint8_t byte_of(size_t datagram, size_t at)
{
    return (uint8_t)(datagram * 89 + at);
}

static void take(const uint8_t *datagram, size_t len, void *arg)
{
    struct taken *taken = arg;

    taken->as_sent &= taken->count < DATAGRAMS && len == lengths[taken->count];
    for (size_t i = 0; taken->as_sent && i < len; i++)
        taken->as_sent &= datagram[i] == byte_of(taken->count, i);
    taken->count++;
    taken->bytes += len;
}

static size_t make_stream(uint8_t *out)
{
    size_t len = 0;

    for (size_t d = 0; d < DATAGRAMS; d++) {
        dp_tunnel_frame_head(out + len, lengths[d]);
        len += DP_TUNNEL_FRAME_HEAD;
        for (size_t i = 0; i < lengths[d]; i++)
            out[len++] = byte_of(d, i);
    }
    return len;
}

static void the_length_counts_itself(void **state)
{
    uint8_t head[DP_TUNNEL_FRAME_HEAD];

    (void)state;
    dp_tunnel_frame_head(head, 0x0123);
    assert_memory_equal(head, ((const uint8_t[]){0x01, 0x25}), sizeof(head));
}

/* In pieces of every length, so that each cut falls on each place. */
static void pieces_give_the_same_datagrams(void **state)
{
    static uint8_t stream[STREAM_MAX];
    const size_t len = make_stream(stream);

    (void)state;
    for (size_t piece = 1; piece <= len; piece++) {
        struct dp_tunnel_frames frames = {.len = 0};
        struct taken taken = {.as_sent = true};

        for (size_t at = 0; at < len; at += piece) {
            const size_t part = len - at < piece ? len - at : piece;

            assert_int_equal(dp_tunnel_frames_read(&frames, stream + at, part, take, &taken),
                             DP_OK);
        }
        assert_true(taken.as_sent);
        assert_int_equal(taken.count, DATAGRAMS);
        assert_int_equal(frames.len, 0);
    }
}

static void what_is_not_whole_is_not_given(void **state)
{
    static uint8_t stream[STREAM_MAX];

    (void)state;
    make_stream(stream);
    for (size_t len = 0; len < DP_TUNNEL_FRAME_HEAD + lengths[0]; len++) {
        struct dp_tunnel_frames frames = {.len = 0};
        struct taken taken = {.as_sent = true};

        assert_int_equal(dp_tunnel_frames_read(&frames, stream, len, take, &taken), DP_OK);
        assert_int_equal(taken.count, 0);
    }
}

static const struct {
    const char *name;
    uint8_t head[DP_TUNNEL_FRAME_HEAD];
    enum dp_err want;
} heads[] = {
    {"zero", {0, 0}, DP_EFORMAT},
    {"less than its own", {0, 1}, DP_EFORMAT},
    {"no datagram", {0, 2}, DP_EFORMAT},
    {"one byte", {0, 3}, DP_OK},
    {"the longest", {DP_TUNNEL_FRAME_MAX >> 8, DP_TUNNEL_FRAME_MAX & 0xff}, DP_OK},
    {"one more", {(DP_TUNNEL_FRAME_MAX + 1) >> 8, (DP_TUNNEL_FRAME_MAX + 1) & 0xff}, DP_EFORMAT},
    {"all ones", {0xff, 0xff}, DP_EFORMAT},
    {"HTTP", {'G', 'E'}, DP_EFORMAT},
};

/* Alone, behind a frame that is whole, and cut in two. */
static void a_length_that_is_none_ends_the_stream(void **state)
{
    static uint8_t stream[STREAM_MAX];
    const size_t first = DP_TUNNEL_FRAME_HEAD + lengths[0];

    (void)state;
    make_stream(stream);
    for (size_t i = 0; i < COUNT(heads); i++) {
        struct dp_tunnel_frames alone = {.len = 0}, cut = {.len = 0}, behind = {.len = 0};
        struct taken taken = {.as_sent = true};

        memcpy(stream + first, heads[i].head, DP_TUNNEL_FRAME_HEAD);
        if (dp_tunnel_frames_read(&alone, heads[i].head, 2, take, &taken) != heads[i].want ||
            dp_tunnel_frames_read(&cut, heads[i].head, 1, take, &taken) != DP_OK ||
            dp_tunnel_frames_read(&cut, heads[i].head + 1, 1, take, &taken) != heads[i].want)
            fail_msg("%s", heads[i].name);
        assert_int_equal(taken.count, 0);
        assert_int_equal(dp_tunnel_frames_read(&behind, stream, first + 2, take, &taken),
                         heads[i].want);
        assert_int_equal(taken.count, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_length_counts_itself),
        cmocka_unit_test(pieces_give_the_same_datagrams),
        cmocka_unit_test(what_is_not_whole_is_not_given),
        cmocka_unit_test(a_length_that_is_none_ends_the_stream),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
