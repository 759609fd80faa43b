/* mhd_reply.h - answers of the small servers that libmicrohttpd runs for us. */
#ifndef DP_NET_MHD_REPLY_H
#define DP_NET_MHD_REPLY_H

#include <json-c/json.h>
#include <microhttpd.h>

/* Answer with JSON. In: json  freed by this call. Returns: MHD_YES, MHD_NO: the connection ends */
enum MHD_Result dp_mhd_reply(struct MHD_Connection *connection, unsigned status,
                             struct json_object *json);

#endif
