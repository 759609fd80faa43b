/* scan.c - search every byte of processes and files for keys, in whatever form they may lie. */
/*
 * Usage: scan [--registers] [--plant PID] [--pid PID]... [--file PATH]... <KEYS
 *
 * KEYS are lines of 64 hex digits. A key counts as found where 8 bytes of it in a row lie as they
 * are or in reverse (as big integers lie in memory), or 16 characters of its hex or base64 text, in
 * any of the three alignments to groups of three bytes.
 *
 * --registers  search the registers of every thread too; stops the process for that moment
 * --plant PID  first write the first key into PID's memory, where nothing else uses it
 *
 * What lies in locked memory is counted, but is not found: there is where keys belong. memfd_secret
 * cannot be read at all, and is counted too.
 * Exit codes: 0 nothing was found, 1 something was, 2 something cannot be read.
 */
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/hex.h"

#define KEY_LEN 32
#define KEYS_MAX 4096
#define BYTES_WINDOW 8 /* of a key as it is; a match by chance is one in 2^64 */
#define TEXT_WINDOW 16 /* of its text: 8 bytes in hex, 12 in base64 */
#define CHUNK (1 << 20)
#define OVERLAP (TEXT_WINDOW - 1)
#define FILTER_BITS 22
#define REGISTERS_MAX 16384

/* --- what is searched for --- */

struct needle {
    uint64_t head; /* its first 8 bytes */
    const uint8_t *bytes;
    const char *form;
    unsigned key;
    unsigned char len;
    struct needle *next; /* with the same slot */
};

static uint8_t keys[KEYS_MAX][KEY_LEN];
static unsigned key_count;
static uint8_t filter[(1 << FILTER_BITS) / 8];
static struct needle *slots[1 << 16];

static void die(const char *what, const char *name)
{
    fprintf(stderr, "scan: %s %s: %s\n", what, name, strerror(errno));
    exit(2);
}

static void *must(void *memory)
{
    if (memory == NULL)
        die("out of", "memory");
    return memory;
}

static uint32_t hash(uint64_t head)
{
    return (uint32_t)(head * UINT64_C(0x9e3779b97f4a7c15) >> (64 - FILTER_BITS));
}

static uint64_t load(const uint8_t *at)
{
    uint64_t head;

    memcpy(&head, at, sizeof(head));
    return head;
}

/* Every window of a form; bytes must live on. */
static void add_form(unsigned key, const char *form, const uint8_t *bytes, size_t len,
                     size_t window)
{
    for (size_t i = 0; i + window <= len; i++) {
        struct needle *n = must(malloc(sizeof(*n)));
        uint32_t h = hash(load(bytes + i));
        struct needle **slot = &slots[h & 0xffff];

        *n = (struct needle){load(bytes + i), bytes + i, form, key, (unsigned char)window, *slot};
        *slot = n;
        filter[h / 8] |= (uint8_t)(1 << h % 8);
    }
}

static void add_text(unsigned key, const char *form, const char *text, size_t from, size_t to)
{
    add_form(key, form, (const uint8_t *)must(strndup(text + from, to - from)), to - from,
             TEXT_WINDOW);
}

/* Only the characters that hold nothing but bits of the key. */
static void add_base64(unsigned key, unsigned before)
{
    uint8_t bytes[KEY_LEN + 2] = {0};
    unsigned char text[64];

    memcpy(bytes + before, keys[key], KEY_LEN);
    EVP_EncodeBlock(text, bytes, (int)(KEY_LEN + before));
    add_text(key, "base64", (const char *)text, (before * 8 + 5) / 6, (KEY_LEN + before) * 8 / 6);
}

static void add_key(unsigned key)
{
    uint8_t *reversed = must(malloc(KEY_LEN));
    char hex[2 * KEY_LEN + 1];

    for (size_t i = 0; i < KEY_LEN; i++)
        reversed[i] = keys[key][KEY_LEN - 1 - i];
    add_form(key, "raw", keys[key], KEY_LEN, BYTES_WINDOW);
    add_form(key, "reversed", reversed, KEY_LEN, BYTES_WINDOW);
    dp_hex_encode(hex, keys[key], KEY_LEN);
    add_text(key, "hex", hex, 0, 2 * KEY_LEN);
    for (char *c = hex; *c != '\0'; c++)
        *c -= *c >= 'a' ? 'a' - 'A' : 0;
    add_text(key, "HEX", hex, 0, 2 * KEY_LEN);
    for (unsigned before = 0; before < 3; before++)
        add_base64(key, before);
}

static void read_keys(void)
{
    char line[256];

    while (key_count < KEYS_MAX && fgets(line, sizeof(line), stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (dp_hex_decode_exact(keys[key_count], KEY_LEN, line) != DP_OK) {
            fprintf(stderr, "scan: a key is 64 hex digits a line\n");
            exit(2);
        }
        add_key(key_count++);
    }
}

/* --- searching --- */

struct place {
    const char *what;
    char name[512];
    bool locked;
};

/* Windows that follow one another are one find. */
static struct {
    const struct needle *needle;
    uint64_t from, to;
} find;
static unsigned found, found_locked, processes, files;
static uint64_t bytes_read, bytes_unreadable, bytes_locked;

static void end_find(const struct place *place)
{
    if (find.needle == NULL)
        return;
    if (place->locked) {
        found_locked++;
    } else if (found++ < 40) {
        printf("FOUND key %u, %s, %" PRIu64 " bytes, in %s %s at 0x%" PRIx64 "\n", find.needle->key,
               find.needle->form, find.to - find.from, place->what, place->name, find.from);
    }
    find.needle = NULL;
}

static void hit(const struct place *place, const struct needle *n, uint64_t at)
{
    if (find.needle == NULL || find.needle->key != n->key || find.needle->form != n->form ||
        at > find.to) {
        end_find(place);
        find.needle = n;
        find.from = at;
    }
    find.to = at + n->len;
}

/* at: of the first byte. The last bytes, too few for a window, are the next call's first. */
static void search(const struct place *place, const uint8_t *bytes, size_t len, uint64_t at)
{
    for (size_t i = 0; i + BYTES_WINDOW <= len; i++) {
        uint64_t head = load(bytes + i);
        uint32_t h = hash(head);

        if ((filter[h / 8] & 1 << h % 8) == 0)
            continue;
        for (const struct needle *n = slots[h & 0xffff]; n != NULL; n = n->next) {
            if (n->head == head && n->len <= len - i && memcmp(n->bytes, bytes + i, n->len) == 0)
                hit(place, n, at + i);
        }
    }
}

/* Search from..to of a file descriptor. False where it cannot be read. */
static bool search_range(const struct place *place, int fd, uint64_t from, uint64_t to)
{
    static uint8_t chunk[OVERLAP + CHUNK];
    size_t kept = 0;

    while (from < to) {
        size_t want = to - from < CHUNK ? (size_t)(to - from) : CHUNK;
        ssize_t n = pread(fd, chunk + kept, want, (off_t)from);

        if (n <= 0)
            break;
        search(place, chunk, kept + (size_t)n, from - kept);
        bytes_read += (uint64_t)n;
        from += (uint64_t)n;
        n += (ssize_t)kept;
        kept = n < OVERLAP ? (size_t)n : OVERLAP;
        memmove(chunk, chunk + n - kept, kept);
    }
    end_find(place);
    return from >= to;
}

static void search_file(const char *path)
{
    struct place place = {.what = "file"};
    int fd = open(path, O_RDONLY | O_NONBLOCK);
    off_t size;

    /* Logs turn over, sockets are no files. */
    if (fd < 0 && (errno == ENOENT || errno == ENXIO))
        return;
    if (fd < 0)
        die("cannot open", path);
    snprintf(place.name, sizeof(place.name), "%s", path);
    size = lseek(fd, 0, SEEK_END);
    files++;
    if (size > 0)
        search_range(&place, fd, 0, (uint64_t)size);
    close(fd);
}

/* --- processes --- */

struct mapping {
    uint64_t from, to, in_memory;
    char name[256];
    bool locked;
};

static bool has_no_content(const struct mapping *m)
{
    return strncmp(m->name, "[vvar", 5) == 0 || strcmp(m->name, "[vsyscall]") == 0;
}

static void search_mapping(const char *process, int mem, const struct mapping *m)
{
    struct place place = {.what = "memory of", .locked = m->locked};

    if (has_no_content(m))
        return;
    if (strstr(m->name, "secretmem") != NULL) {
        bytes_unreadable += m->to - m->from;
        return;
    }
    if (m->in_memory == 0)
        return;
    if (m->locked)
        bytes_locked += m->to - m->from;
    snprintf(place.name, sizeof(place.name), "%s %s", process, m->name[0] ? m->name : "(no name)");
    /* Only what was unmapped meanwhile may be unreadable. */
    if (!search_range(&place, mem, m->from, m->to) && errno != EIO)
        die("cannot read the memory of", process);
}

static void search_memory(const char *process, int mem, FILE *smaps)
{
    struct mapping m = {0};
    char line[1024];

    while (fgets(line, sizeof(line), smaps) != NULL) {
        uint64_t from, to, kib;
        int name_at = 0;

        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %*s %*s %*s %n", &from, &to, &name_at) == 2 &&
            name_at > 0) {
            m = (struct mapping){.from = from, .to = to};
            line[strcspn(line, "\n")] = '\0';
            snprintf(m.name, sizeof(m.name), "%s", line + name_at);
        } else if (sscanf(line, "Rss: %" SCNu64, &kib) == 1 ||
                   sscanf(line, "Swap: %" SCNu64, &kib) == 1) {
            m.in_memory += kib;
        } else if (strncmp(line, "VmFlags:", 8) == 0) {
            m.locked = strstr(line, " lo") != NULL;
            search_mapping(process, mem, &m);
        }
    }
}

static void search_registers_of(const char *process, pid_t thread)
{
    static const int sets[] = {NT_PRSTATUS, NT_X86_XSTATE, NT_PRFPREG};
    static uint8_t registers[REGISTERS_MAX];
    struct place place = {.what = "registers of"};

    if (ptrace(PTRACE_SEIZE, thread, NULL, NULL) != 0)
        return;
    ptrace(PTRACE_INTERRUPT, thread, NULL, NULL);
    waitpid(thread, NULL, __WALL);
    snprintf(place.name, sizeof(place.name), "%s, thread %d", process, thread);
    for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
        struct iovec to = {registers, sizeof(registers)};

        if (ptrace(PTRACE_GETREGSET, thread, (void *)(uintptr_t)sets[i], &to) == 0)
            search(&place, registers, to.iov_len, 0);
        end_find(&place);
    }
    ptrace(PTRACE_DETACH, thread, NULL, NULL);
}

static void search_registers(const char *process, const char *pid)
{
    const struct dirent *entry;
    char path[64];
    DIR *dir;

    snprintf(path, sizeof(path), "/proc/%s/task", pid);
    dir = opendir(path);
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] != '.')
            search_registers_of(process, (pid_t)strtol(entry->d_name, NULL, 10));
    }
    if (dir != NULL)
        closedir(dir);
}

static FILE *open_proc(const char *pid, const char *name, const char *mode)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%s/%s", pid, name);
    return fopen(path, mode);
}

static void search_process(const char *pid, bool registers)
{
    char process[64], name[32] = "";
    FILE *comm = open_proc(pid, "comm", "r"), *smaps, *mem;

    if (comm == NULL)
        return; /* it has ended */
    if (fgets(name, sizeof(name), comm) == NULL)
        name[0] = '\0';
    fclose(comm);
    snprintf(process, sizeof(process), "%s (%.*s)", pid, (int)strcspn(name, "\n"), name);
    smaps = open_proc(pid, "smaps", "r");
    mem = open_proc(pid, "mem", "r");
    if (smaps == NULL || mem == NULL)
        die("be root: cannot read the memory of", process);
    search_memory(process, fileno(mem), smaps);
    fclose(smaps);
    fclose(mem);
    if (registers)
        search_registers(process, pid);
    processes++;
}

/* The lowest bytes of the main thread's stack: it was there once and is far from there now. */
static void plant(const char *pid)
{
    FILE *maps = open_proc(pid, "maps", "r"), *mem = open_proc(pid, "mem", "r+");
    uint64_t from = 0;
    char line[512];

    while (maps != NULL && fgets(line, sizeof(line), maps) != NULL) {
        if (strstr(line, "[stack]") != NULL)
            from = strtoull(line, NULL, 16);
    }
    if (mem == NULL || from == 0 || pwrite(fileno(mem), keys[0], KEY_LEN, (off_t)from) != KEY_LEN)
        die("cannot plant a key in", pid);
    fclose(maps);
    fclose(mem);
    printf("planted key 0 in the memory of %s at 0x%" PRIx64 "\n", pid, from);
}

int main(int argc, char **argv)
{
    bool registers = false;

    read_keys();
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--registers") == 0)
            registers = true;
        else if (strcmp(argv[i], "--plant") == 0 && i + 1 < argc)
            plant(argv[++i]);
        else if (strcmp(argv[i], "--pid") == 0 && i + 1 < argc)
            search_process(argv[++i], registers);
        else if (strcmp(argv[i], "--file") == 0 && i + 1 < argc)
            search_file(argv[++i]);
        else
            return 2;
    }
    printf("%u keys: %u found; %u in locked memory\n"
           "searched %u processes and %u files, %" PRIu64 " KiB; locked %" PRIu64
           " KiB, memfd_secret %" PRIu64 " KiB\n",
           key_count, found, found_locked, processes, files, bytes_read / 1024, bytes_locked / 1024,
           bytes_unreadable / 1024);
    return found > 0 ? 1 : 0;
}
