/* db.c - devproof db: move, back up, check and restore the database. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/hex.h"
#include "base/json.h"
#include "devproof/command.h"
#include "store/copy.h"

static const char help[] =
    "Usage: devproof db copy FROM TO [--json]\n"
    "       devproof db backup FILE [--force] [--json]\n"
    "       devproof db restore FILE [--force] [--json]\n"
    "       devproof db verify [--json]\n\n"
    "copy     all of one database into another, which must be empty. FROM and TO are URLs as in\n"
    "         DATABASE_URL, or env:NAME for the variable that has it. The service may go on\n"
    "         meanwhile; what it writes after the copy began is not in it.\n"
    "backup   DATABASE_URL into a new SQLite file, while the service goes on\n"
    "restore  FILE into DATABASE_URL, which must be empty and not in use. Restoring an older\n"
    "         state brings back what was removed since: revoked tokens are in force again.\n"
    "verify   DATABASE_URL: its integrity, its audit log, its rows\n\n"
    "copy, backup and restore read what they wrote again, and compare every row.\n\n"
    "  --force  backup: replace FILE. restore: replace all that DATABASE_URL holds, in one\n"
    "           transaction, even under a running service\n"
    "  --json   say it as JSON\n\n"
    "Exit codes: 0 done and sound, 1 failed or not sound, 2 wrong use or a bad setting.\n";

struct options {
    bool force, json;
    int64_t told_us; /* when progress was told last */
};

static int fail(const char *sentence, int code)
{
    fprintf(stderr, "devproof db: %s\n", sentence);
    return code;
}

static int fail_as(enum dp_err err, const struct dp_detail *detail)
{
    return fail(detail->text[0] != '\0' ? detail->text : dp_err_text(err),
                err == DP_ECONFIG ? EXIT_USAGE : EXIT_FAILURE);
}

/* Now and then, for long work. */
static void tell(enum dp_table table, int64_t rows, void *arg)
{
    struct options *options = arg;
    int64_t now = dp_clock_mono_us();

    if (options->told_us == 0)
        options->told_us = now;
    if (now - options->told_us < 1000000)
        return;
    options->told_us = now;
    fprintf(stderr, "devproof db: %s: %lld rows\n", dp_table_name(table), (long long)rows);
}

/* --- what was found --- */

static bool is_sound(const struct dp_census *census)
{
    return census->faults == 0 && census->chain.fault == DP_AUDIT_INTACT;
}

static void say_json(const struct dp_census *census, const char *done)
{
    struct json_object *out = json_object_new_object(), *rows = json_object_new_object();
    struct json_object *hashes = json_object_new_object();
    char hex[DP_HEX0X_SIZE(32)];

    if (out == NULL || rows == NULL || hashes == NULL)
        abort();
    for (int i = 0; i < DP_TABLE_COUNT; i++) {
        dp_hex0x_encode(hex, census->tables[i].hash, 32);
        dp_json_add_int(rows, dp_table_name((enum dp_table)i), census->tables[i].rows);
        dp_json_add_text(hashes, dp_table_name((enum dp_table)i), hex);
    }
    dp_json_add_text(out, "done", done);
    dp_json_add_bool(out, "sound", is_sound(census));
    dp_json_add(out, "rows", rows);
    dp_json_add(out, "hashes", hashes);
    dp_json_add_int(out, "faults", census->faults);
    dp_json_add_text(out, "auditLog", dp_audit_fault_word(census->chain.fault));
    dp_hex0x_encode(hex, census->chain.last_hash, 32);
    if (census->chain.fault == DP_AUDIT_INTACT)
        dp_json_add_text(out, "head", hex);
    else
        dp_json_add_int(out, "seq", census->chain.fault_seq);
    puts(json_object_to_json_string_ext(out, JSON_C_TO_STRING_PLAIN));
    json_object_put(out);
}

static void say_text(const struct dp_census *census, const char *done)
{
    char hex[DP_HEX0X_SIZE(32)];

    for (int i = 0; i < DP_TABLE_COUNT; i++) {
        dp_hex0x_encode(hex, census->tables[i].hash, 32);
        printf("%-10s %9lld rows, sha256 %s\n", dp_table_name((enum dp_table)i),
               (long long)census->tables[i].rows, hex);
    }
    dp_hex0x_encode(hex, census->chain.last_hash, 32);
    if (census->chain.fault == DP_AUDIT_INTACT)
        printf("audit log: intact, the last hash is %s\n", hex);
    else
        printf("audit log: broken: row %lld is %s\n", (long long)census->chain.fault_seq,
               dp_audit_fault_word(census->chain.fault));
    if (census->faults > 0)
        printf("integrity: %lld faults; restore a backup\n", (long long)census->faults);
    printf("%s\n", done);
}

static int say(const struct dp_census *census, const char *done, const struct options *options)
{
    if (options->json)
        say_json(census, done);
    else
        say_text(census, done);
    return is_sound(census) ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* --- copies --- */

/* Out: census  of what is in the target now */
static enum dp_err copy_and_compare(struct dp_store *from, struct dp_store *to, bool replace,
                                    struct dp_census *census, struct options *options,
                                    struct dp_detail *detail)
{
    struct dp_census read = {0};
    enum dp_err err = dp_store_copy(from, to, replace, &read, tell, options);

    if (err == DP_ECONFLICT)
        return dp_fail(detail, err, NULL,
                       "The database to copy to is not empty. Nothing was changed.");
    if (err == DP_OK)
        err = dp_store_census(to, census, tell, options);
    if (err == DP_OK && !dp_census_equal(&read, census))
        return dp_fail(detail, DP_ESTORE, NULL,
                       "What was copied is not what was read: somebody writes there, or it is "
                       "broken. Do not use the copy.");
    return err;
}

static enum dp_err copy_urls(const char *from_url, const char *to_url, bool replace,
                             struct dp_census *census, struct options *options,
                             struct dp_detail *detail)
{
    struct dp_store *from = NULL, *to = NULL;
    enum dp_err err = dp_store_open(&from, from_url, DP_STORE_READ, detail);

    if (err == DP_OK)
        err = dp_store_open(&to, to_url, DP_STORE_WRITE, detail);
    if (err == DP_OK)
        err = copy_and_compare(from, to, replace, census, options, detail);
    dp_store_close(to);
    dp_store_close(from);
    return err;
}

/* Every user of a machine can read the arguments of every program. */
static bool shows_password(const char *url)
{
    const char *begin = strstr(url, "://"), *at = begin != NULL ? strrchr(begin, '@') : NULL;

    return strstr(url, "password=") != NULL ||
           (at != NULL && memchr(begin + 3, ':', (size_t)(at - begin - 3)) != NULL);
}

/* A URL that an argument says or names. NULL: it says why not. */
static const char *url_of(const char *argument)
{
    const char *url = argument;

    if (strncmp(argument, "env:", 4) == 0) {
        url = getenv(argument + 4);
        if (url == NULL || url[0] == '\0')
            fail("the variable that env: names is not set.", EXIT_USAGE);
        return url != NULL && url[0] != '\0' ? url : NULL;
    }
    if (!shows_password(argument))
        return argument;
    fail("a password in an argument can be read by every user of this machine: put the URL into a "
         "variable and write env: and its name.",
         EXIT_USAGE);
    return NULL;
}

static int copy(char **arguments, struct options *options)
{
    const char *from = url_of(arguments[0]), *to = from != NULL ? url_of(arguments[1]) : NULL;
    struct dp_detail detail = {"", ""};
    struct dp_census census = {0};
    enum dp_err err;

    if (to == NULL)
        return EXIT_USAGE;
    err = copy_urls(from, to, false, &census, options, &detail);
    if (err != DP_OK)
        return fail_as(err, &detail);
    return say(&census, "copied; every row was read again and is the same", options);
}

/* --- backup --- */

static bool make_durable(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC);
    bool done = fd >= 0 && fsync(fd) == 0;

    if (fd >= 0)
        close(fd);
    return done;
}

/* Under its own name only once it is whole. */
static bool put_in_place(const char *partial, const char *file, bool force)
{
    char folder[PATH_MAX];

    snprintf(folder, sizeof(folder), "%s", file);
    /* link refuses what exists, where rename replaces it. */
    if (!make_durable(partial, O_RDWR) ||
        (force ? rename(partial, file) : link(partial, file)) != 0)
        return false;
    if (!force)
        unlink(partial);
    return make_durable(dirname(folder), O_RDONLY | O_DIRECTORY);
}

static void remove_partial(const char *partial)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    char path[PATH_MAX + 64];

    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        snprintf(path, sizeof(path), "%s%s", partial, suffixes[i]);
        unlink(path);
    }
}

static int write_backup(const char *url, const char *file, struct options *options)
{
    struct dp_detail detail = {"", ""};
    char to[PATH_MAX + 64];
    char *partial = to + strlen("sqlite:");
    struct dp_census census = {0};
    enum dp_err err;
    int code = EXIT_FAILURE;

    snprintf(to, sizeof(to), "sqlite:%s.partial-%d", file, (int)getpid());
    umask(077);
    err = copy_urls(url, to, false, &census, options, &detail);
    if (err != DP_OK)
        code = fail_as(err, &detail);
    else if (!put_in_place(partial, file, options->force))
        code = fail(errno == EEXIST ? "the file is there already; --force replaces it."
                                    : "the file cannot be put in place.",
                    EXIT_FAILURE);
    else
        code = say(&census, "backed up; every row was read again and is the same", options);
    remove_partial(partial);
    return code;
}

static int backup(char **arguments, struct options *options)
{
    struct dp_detail detail = {"", ""};
    struct dp_config config;

    if (strlen(arguments[0]) > PATH_MAX - 64)
        return fail("the file's name is too long.", EXIT_USAGE);
    if (dp_config_load(&config, &detail) != DP_OK)
        return fail(detail.text, EXIT_USAGE);
    if (!options->force && access(arguments[0], F_OK) == 0)
        return fail("the file is there already; --force replaces it.", EXIT_FAILURE);
    return write_backup(config.database_url, arguments[0], options);
}

/* --- restore --- */

static int restore(char **arguments, struct options *options)
{
    struct dp_detail detail = {"", ""};
    struct dp_config config;
    struct dp_census census = {0};
    char from[PATH_MAX + 64];
    bool in_use = false;
    enum dp_err err;

    if (dp_config_load(&config, &detail) != DP_OK)
        return fail(detail.text, EXIT_USAGE);
    snprintf(from, sizeof(from), "sqlite:%s", arguments[0]);
    err = dp_store_in_use(&in_use, config.database_url, &detail);
    if (err == DP_OK && in_use && !options->force)
        return fail("the database is in use: stop the service first. Nothing was changed.",
                    EXIT_FAILURE);
    if (err == DP_OK)
        err = copy_urls(from, config.database_url, options->force, &census, options, &detail);
    if (err == DP_ECONFLICT)
        return fail("the database is not empty. To replace all that is in it, say --force; back it "
                    "up before. Nothing was changed.",
                    EXIT_FAILURE);
    if (err != DP_OK)
        return fail_as(err, &detail);
    fprintf(stderr,
            "devproof db: this is the state of the backup. Whoever signed up since then is not in "
            "it, and whoever takes their user id gets their key; tokens that were revoked since "
            "then are in force again; the audit log ends at row %lld.\n",
            (long long)census.chain.next - 1);
    return say(&census, "restored; every row was read again and is the same", options);
}

/* --- verify --- */

static int verify(char **arguments, struct options *options)
{
    struct dp_detail detail = {"", ""};
    struct dp_store *store = NULL;
    struct dp_config config;
    struct dp_census census = {0};
    enum dp_err err;

    (void)arguments;
    if (dp_config_load(&config, &detail) != DP_OK)
        return fail(detail.text, EXIT_USAGE);
    err = dp_store_open(&store, config.database_url, DP_STORE_READ, &detail);
    if (err == DP_OK)
        err = dp_store_census(store, &census, tell, options);
    dp_store_close(store);
    if (err != DP_OK)
        return fail_as(err, &detail);
    return say(&census, is_sound(&census) ? "sound" : "not sound", options);
}

/* --- the command --- */

static const struct {
    const char *name;
    int arguments;
    bool forces; /* takes --force */
    int (*run)(char **arguments, struct options *options);
} actions[] = {
    {"copy", 2, false, copy},
    {"backup", 1, true, backup},
    {"restore", 1, true, restore},
    {"verify", 0, false, verify},
};

/* Returns: false for wrong use, with code an exit code for both */
static bool read_options(struct options *options, int *code, int argc, char **argv)
{
    static const struct option known[] = {{"help", no_argument, NULL, 'h'},
                                          {"force", no_argument, NULL, 'f'},
                                          {"json", no_argument, NULL, 'j'},
                                          {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, "h", known, NULL)) != -1) {
        if (option == 'h')
            fputs(help, stdout);
        *code = option == 'h' ? EXIT_SUCCESS : EXIT_USAGE;
        if (option == 'h' || option == '?')
            return false;
        options->force |= option == 'f';
        options->json |= option == 'j';
    }
    return true;
}

int command_db(int argc, char **argv)
{
    struct options options = {.force = false};
    int code = EXIT_USAGE;

    if (!read_options(&options, &code, argc, argv))
        return code;
    argc -= optind;
    argv += optind;
    for (size_t i = 0; argc > 0 && i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (strcmp(argv[0], actions[i].name) == 0 && argc - 1 == actions[i].arguments &&
            (actions[i].forces || !options.force))
            return actions[i].run(argv + 1, &options);
    }
    return fail("say copy FROM TO, backup FILE, restore FILE or verify; devproof db --help says "
                "more.",
                EXIT_USAGE);
}
