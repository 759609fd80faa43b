/* rebuild.c - devproof rebuild --check: does this source give the image that a manifest names? */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/json.h"
#include "devproof/client.h"
#include "devproof/command.h"

#define MANIFEST_MAX (64 * 1024)
#define MANIFEST "docker/build-manifest.json"
#define BUILDER "docker/build-image"

static const char help[] =
    "Usage: devproof rebuild --check [--manifest FILE] [--source DIR] [--vendor DIR]\n"
    "                               [--output OUT.tar] [--json]\n\n"
    "Build the image again from the sources in DIR, and compare it with what FILE says: first the\n"
    "sources and the list of Debian packages, then, if these are the same, the image's digest. It\n"
    "takes some minutes; " BUILDER " says what it is at.\n\n"
    "  --manifest FILE  as " BUILDER " --manifest wrote it (DIR/" MANIFEST ")\n"
    "  --source DIR     a clone of devproof's repository (.)\n"
    "  --vendor DIR     the Debian packages, as docker/vendor fetched them; then no network is\n"
    "                   needed\n"
    "  --output OUT.tar keep the image that was built, for docker/diff-images\n"
    "  --json           say it as JSON\n\n"
    "Exit codes: 0 the same image, 1 another one, 2 wrong use, or it cannot be built.\n";

struct rebuild {
    struct client client; /* for its messages */
    const char *source, *vendor, *manifest, *output;
    char builder[PATH_MAX], usual_manifest[PATH_MAX];
    struct json_object *recorded, *built;
};

/* What must be the same before it is worth building, and then: in the order of cause. */
static const char *const inputs[] = {"version", "architecture", "snapshot", "lock", "source"};
#define INPUTS (sizeof(inputs) / sizeof(inputs[0]))

/* --- the manifests --- */

static bool parse(struct rebuild *rebuild, struct json_object **out, const struct dp_buf *text,
                  const char *name)
{
    struct dp_detail detail = {"", ""};

    if (text->err == DP_OK &&
        dp_json_parse(out, text->data != NULL ? text->data : "", text->len, &detail) == DP_OK)
        return true;
    client_fail(&rebuild->client, EXIT_USAGE, "%s is no manifest of an image. %s", name,
                detail.text);
    return false;
}

static bool read_recorded(struct rebuild *rebuild)
{
    struct dp_buf text = DP_BUF_INIT(MANIFEST_MAX);
    bool ok = client_read_file(&rebuild->client, &text, rebuild->manifest) &&
              parse(rebuild, &rebuild->recorded, &text, rebuild->manifest);

    dp_buf_free(&text);
    if (ok && client_text(rebuild->recorded, "image")[0] == '\0') {
        client_fail(&rebuild->client, EXIT_USAGE, "%s names no image.", rebuild->manifest);
        ok = false;
    }
    return ok;
}

/* --- the builder --- */

static bool read_all(struct dp_buf *out, int fd)
{
    char piece[4096];
    ssize_t len;

    while ((len = read(fd, piece, sizeof(piece))) > 0 || (len < 0 && errno == EINTR))
        dp_buf_add(out, piece, len > 0 ? (size_t)len : 0);
    return len == 0 && out->err == DP_OK;
}

/* Run a program whose standard output goes to out. Returns: whether it said that it succeeded. */
static bool capture(struct dp_buf *out, char *const argv[])
{
    posix_spawn_file_actions_t actions;
    int ends[2], status = -1;
    bool ok;
    pid_t pid;

    if (pipe(ends) != 0)
        return false;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawn_file_actions_addclose(&actions, ends[1]);
    ok = posix_spawn(&pid, argv[0], &actions, NULL, argv, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (ok) {
        ok = read_all(out, ends[0]);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            ;
    }
    close(ends[0]);
    return ok && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool ask_inputs(struct rebuild *rebuild)
{
    struct dp_buf text = DP_BUF_INIT(MANIFEST_MAX);
    bool ok = capture(&text, (char *[]){rebuild->builder, "--inputs", NULL});

    if (!ok)
        client_fail(&rebuild->client, EXIT_USAGE, "%s does not say what it would build.",
                    rebuild->builder);
    ok = ok && parse(rebuild, &rebuild->built, &text, rebuild->builder);
    dp_buf_free(&text);
    return ok;
}

/* The builder's last line is the digest. */
static bool build_into(struct rebuild *rebuild, char *tar)
{
    struct dp_buf text = DP_BUF_INIT(MANIFEST_MAX);
    char *argv[] = {rebuild->builder, tar, NULL, NULL, NULL};
    char *end, *line;
    bool ok;

    if (rebuild->vendor != NULL) {
        argv[2] = "--vendor";
        argv[3] = (char *)rebuild->vendor;
    }
    ok = capture(&text, argv) && text.len > 0;
    if (ok) {
        end = strrchr(text.data, '\n');
        if (end != NULL)
            *end = '\0';
        line = strrchr(text.data, '\n');
        dp_json_add_text(rebuild->built, "image", line != NULL ? line + 1 : text.data);
    } else {
        client_fail(&rebuild->client, EXIT_USAGE, "the image cannot be built.");
    }
    dp_buf_free(&text);
    return ok;
}

/* Into a folder that is gone afterwards. */
static bool build_and_forget(struct rebuild *rebuild)
{
    const char *parent = getenv("TMPDIR");
    char dir[PATH_MAX], tar[PATH_MAX + 16];
    bool ok;

    snprintf(dir, sizeof(dir), "%s/devproof-XXXXXX", parent != NULL ? parent : "/tmp");
    if (mkdtemp(dir) == NULL) {
        client_fail(&rebuild->client, EXIT_USAGE, "%s: %s", dir, strerror(errno));
        return false;
    }
    snprintf(tar, sizeof(tar), "%s/image.tar", dir);
    ok = build_into(rebuild, tar);
    unlink(tar);
    rmdir(dir);
    return ok;
}

static bool build(struct rebuild *rebuild)
{
    return rebuild->output != NULL ? build_into(rebuild, (char *)rebuild->output)
                                   : build_and_forget(rebuild);
}

/* --- the verdict --- */

static bool differs(const struct rebuild *rebuild, const char *name)
{
    return strcmp(client_text(rebuild->recorded, name), client_text(rebuild->built, name)) != 0;
}

static bool inputs_differ(const struct rebuild *rebuild)
{
    for (size_t i = 0; i < INPUTS; i++) {
        if (differs(rebuild, inputs[i]))
            return true;
    }
    return false;
}

static void add_difference(const struct rebuild *rebuild, struct json_object *list,
                           const char *name)
{
    struct json_object *entry = json_object_new_object();

    if (entry == NULL || json_object_array_add(list, entry) != 0)
        abort();
    dp_json_add_text(entry, "what", name);
    dp_json_add_text(entry, "recorded", client_text(rebuild->recorded, name));
    dp_json_add_text(entry, "here", client_text(rebuild->built, name));
}

/* was_built: the inputs are the same, so that there is a digest to compare. */
static int verdict_json(const struct rebuild *rebuild, bool was_built)
{
    struct json_object *out = json_object_new_object(), *list = json_object_new_array();
    bool same = was_built && !differs(rebuild, "image");

    if (out == NULL || list == NULL)
        abort();
    for (size_t i = 0; i < INPUTS; i++) {
        if (differs(rebuild, inputs[i]))
            add_difference(rebuild, list, inputs[i]);
    }
    if (was_built && !same)
        add_difference(rebuild, list, "image");
    dp_json_add_bool(out, "same", same);
    dp_json_add_text(out, "image", client_text(rebuild->recorded, "image"));
    dp_json_add(out, "differences", list);
    puts(json_object_to_json_string_ext(out, JSON_C_TO_STRING_PLAIN));
    json_object_put(out);
    return same ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void say_difference(const struct rebuild *rebuild, const char *name)
{
    if (differs(rebuild, name))
        printf("%s: recorded %s, here %s\n", name, client_text(rebuild->recorded, name),
               client_text(rebuild->built, name));
}

static int verdict(const struct rebuild *rebuild, bool was_built)
{
    if (rebuild->client.json)
        return verdict_json(rebuild, was_built);
    for (size_t i = 0; i < INPUTS; i++)
        say_difference(rebuild, inputs[i]);
    if (!was_built) {
        puts("Not built: from these sources and packages another image comes out. Check out what "
             "the manifest was made of.");
        return EXIT_FAILURE;
    }
    say_difference(rebuild, "image");
    if (differs(rebuild, "image")) {
        puts("Another image came out of the same sources and packages. docker/diff-images shows "
             "in which files two images differ.");
        return EXIT_FAILURE;
    }
    printf("The same image: %s\n", client_text(rebuild->built, "image"));
    return EXIT_SUCCESS;
}

/* --- the command --- */

static int check(struct rebuild *rebuild)
{
    bool was_built = false;
    int code = EXIT_USAGE;

    if (access(rebuild->builder, X_OK) != 0)
        return client_fail(&rebuild->client, EXIT_USAGE,
                           "there is no %s: name a clone of devproof's repository by --source.",
                           rebuild->builder);
    if (read_recorded(rebuild) && ask_inputs(rebuild)) {
        was_built = !inputs_differ(rebuild);
        if (!was_built || build(rebuild))
            code = verdict(rebuild, was_built);
    }
    json_object_put(rebuild->built);
    json_object_put(rebuild->recorded);
    return code;
}

int command_rebuild(int argc, char **argv)
{
    static const struct option table[] = {
        {"check", no_argument, NULL, 'c'},        {"manifest", required_argument, NULL, 'm'},
        {"source", required_argument, NULL, 's'}, {"vendor", required_argument, NULL, 'v'},
        {"output", required_argument, NULL, 'o'}, {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0}};
    struct rebuild rebuild = {.source = "."};
    bool wanted = false;
    int option;

    client_init(&rebuild.client, "rebuild", help);
    while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
        int code = -1;

        if (option == 'c')
            wanted = true;
        else if (option == 'm')
            rebuild.manifest = optarg;
        else if (option == 's')
            rebuild.source = optarg;
        else if (option == 'v')
            rebuild.vendor = optarg;
        else if (option == 'o')
            rebuild.output = optarg;
        else
            code = client_option(&rebuild.client, option, optarg);
        if (code >= 0)
            return code;
    }
    if (!wanted || optind != argc)
        return client_fail(&rebuild.client, EXIT_USAGE, "try devproof rebuild --help.");
    snprintf(rebuild.builder, sizeof(rebuild.builder), "%s/" BUILDER, rebuild.source);
    snprintf(rebuild.usual_manifest, sizeof(rebuild.usual_manifest), "%s/" MANIFEST,
             rebuild.source);
    if (rebuild.manifest == NULL)
        rebuild.manifest = rebuild.usual_manifest;
    return check(&rebuild);
}
