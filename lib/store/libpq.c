/* libpq.c - find libpq and its functions. */
#include "store/libpq.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

struct dp_libpq dp_libpq;

static bool find(void *library, const char *name, void *slot)
{
    void *function = dlsym(library, name);

    /* Copied, as C has no conversion from an object's address to a function's (POSIX, dlsym). */
    memcpy(slot, &function, sizeof(function));
    return function != NULL;
}

#define FIND(name) &&find(library, #name, &dp_libpq.call_##name)

enum dp_err dp_libpq_load(struct dp_detail *detail)
{
    static bool loaded;
    void *library;

    if (loaded)
        return DP_OK;
    library = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
    loaded = library != NULL DP_LIBPQ(FIND);
    if (loaded)
        return DP_OK;
    return dp_fail(detail, DP_ECONFIG, "DATABASE_URL",
                   "DATABASE_URL is PostgreSQL's, and libpq 14 or later is not installed: "
                   "apt-get install libpq5.");
}
