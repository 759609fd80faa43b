/* reload.c - devproof reload: take changed routes into a running service, by devproof-serve's hand.
 */
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "devproof/command.h"

static const char help[] = "Usage: devproof reload\n\n"
                           "Take the routes of ROUTES_DIR (DATA_DIR/routes) into the service that "
                           "runs with this DATA_DIR\n"
                           "and RUN_DIR, without failing a request. nginx checks them first: what "
                           "it refuses is shown, and\n"
                           "changes nothing. Run it as the user that the service runs as.\n";

/* devproof-serve lives beside this program; in a build, one folder above. */
static int serve(const char *dir, const char *place)
{
    char path[PATH_MAX + 64];

    snprintf(path, sizeof(path), "%s/%s", dir, place);
    return execl(path, "devproof-serve", "--reload", (char *)NULL);
}

int command_reload(int argc, char **argv)
{
    char self[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(help, stdout);
        return EXIT_SUCCESS;
    }
    if (argc != 1) {
        fputs("devproof reload: it takes no argument; try devproof reload --help.\n", stderr);
        return EXIT_USAGE;
    }
    if (len > 0) {
        const char *dir;

        self[len] = '\0';
        dir = dirname(self);
        (void)serve(dir, "devproof-serve");
        (void)serve(dir, "../devproof-serve");
    }
    fprintf(stderr, "devproof reload: devproof-serve: %s\n", strerror(errno));
    return EXIT_FAILURE;
}
