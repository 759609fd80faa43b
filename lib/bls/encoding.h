/* encoding.h - the flags in the first byte of a compressed point, as ZCash has them. */
#ifndef DP_BLS_ENCODING_H
#define DP_BLS_ENCODING_H

#define DP_POINT_COMPRESSED 0x80
#define DP_POINT_INFINITY 0x40
#define DP_POINT_LARGE_Y 0x20
#define DP_POINT_FLAGS 0xe0

#endif
