/* tunnel_frame.c - datagrams in a stream: each behind its length. */
#include "cluster/tunnel_frame.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

static size_t length_of(const struct dp_tunnel_frames *frames)
{
    return (size_t)frames->held[0] << 8 | frames->held[1];
}

/* How long what is held has to become before there is something to do. */
static size_t goal_of(const struct dp_tunnel_frames *frames)
{
    return frames->len < DP_TUNNEL_FRAME_HEAD ? DP_TUNNEL_FRAME_HEAD : length_of(frames);
}

static bool is_length(size_t length)
{
    return length > DP_TUNNEL_FRAME_HEAD && length <= DP_TUNNEL_FRAME_MAX;
}

enum dp_err dp_tunnel_frames_read(struct dp_tunnel_frames *frames, const uint8_t *data, size_t len,
                                  dp_tunnel_frame_take *take, void *arg)
{
    while (len > 0) {
        const size_t missing = goal_of(frames) - frames->len;
        const size_t part = len < missing ? len : missing;

        memcpy(frames->held + frames->len, data, part);
        frames->len += part;
        data += part;
        len -= part;
        if (frames->len < DP_TUNNEL_FRAME_HEAD)
            continue;
        if (!is_length(length_of(frames)))
            return DP_EFORMAT;
        if (frames->len < length_of(frames))
            continue;
        take(frames->held + DP_TUNNEL_FRAME_HEAD, frames->len - DP_TUNNEL_FRAME_HEAD, arg);
        frames->len = 0;
    }
    return DP_OK;
}

void dp_tunnel_frame_head(uint8_t out[static DP_TUNNEL_FRAME_HEAD], size_t len)
{
    const size_t length = len + DP_TUNNEL_FRAME_HEAD;

    assert(is_length(length));
    out[0] = (uint8_t)(length >> 8);
    out[1] = (uint8_t)length;
}
