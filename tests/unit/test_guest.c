/* test_guest.c - the guest agent's client: what it takes for a key, and that it leaves none behind.
 */
#include "agent.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/json.h"
#include "base/secret.h"
#include "dstack/guest.h"
#include "dstack/guest_quote.h"

/* Only these constants know the key. They are in read-only memory, which the search leaves out. */
#define KEY "c4c2c5d4f8f1e2a1b0937f6e5d4c3b2a19087766554433221100ffeeddccbbaa"
#define OTHER "6a6b6c6d6e6f707a6a6b6c6d6e6f707a6a6b6c6d6e6f707a6a6b6c6d6e6f707a"
#define RAW_OTHER "jklmnopzjklmnopzjklmnopzjklmnopz"
#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"
#define ORDER "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"
#define LARGEST "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140"
#define DIGITS_62 "22222222222222222222222222222222222222222222222222222222222222"
#define S32 DIGITS_62 "22"
#define SIG_A S32 S32 "00"
#define SIG_B S32 S32 "01"
#define CHAIN "\"signature_chain\":[\"" SIG_A "\",\"" SIG_B "\"]"

/* The path that is asked for is a row's name, so that the agent's process finds its answer. */
static const struct {
    const char *name, *text;
    int status;
    enum dp_err want;
} keys[] = {
    {"good", "{\"key\":\"" KEY "\"," CHAIN "}", 200, DP_OK},
    {"spaces", "{ \"key\" : \"" KEY "\" , " CHAIN " } \n", 200, DP_OK},
    {"key last", "{" CHAIN ",\"key\":\"" KEY "\"}", 200, DP_OK},
    {"other members", "{\"a\":[{}],\"key\":\"" KEY "\",\"b\":null," CHAIN "}", 200, DP_OK},
    {"signatures with 0x",
     "{\"key\":\"" KEY "\",\"signature_chain\":[\"0x" SIG_A "\",\"0x" SIG_B "\"]}", 200, DP_OK},
    {"largest key", "{\"key\":\"" LARGEST "\"," CHAIN "}", 200, DP_OK},

    {"zero", "{\"key\":\"" ZERO "\"," CHAIN "}", 200, DP_EGUEST},
    {"order", "{\"key\":\"" ORDER "\"," CHAIN "}", 200, DP_EGUEST},
    {"short", "{\"key\":\"c4c2\"," CHAIN "}", 200, DP_EGUEST},
    {"63 digits", "{\"key\":\"2" DIGITS_62 "\"," CHAIN "}", 200, DP_EGUEST},
    {"long", "{\"key\":\"" KEY "00\"," CHAIN "}", 200, DP_EGUEST},
    {"key with 0x", "{\"key\":\"0x" KEY "\"," CHAIN "}", 200, DP_EGUEST},
    {"0x in 64", "{\"key\":\"0x" DIGITS_62 "\"," CHAIN "}", 200, DP_EGUEST},
    {"not hex", "{\"key\":\"g2" DIGITS_62 "\"," CHAIN "}", 200, DP_EGUEST},
    {"empty key", "{\"key\":\"\"," CHAIN "}", 200, DP_EGUEST},
    {"null key", "{\"key\":null," CHAIN "}", 200, DP_EGUEST},
    {"number", "{\"key\":1," CHAIN "}", 200, DP_EGUEST},
    {"list", "{\"key\":[\"" KEY "\"]," CHAIN "}", 200, DP_EGUEST},
    {"no key", "{" CHAIN "}", 200, DP_EGUEST},
    {"only notkey", "{\"notkey\":\"" KEY "\"," CHAIN "}", 200, DP_EGUEST},
    {"only keynot", "{\"keynot\":\"" KEY "\"," CHAIN "}", 200, DP_EGUEST},
    {"only nested", "{\"a\":{\"key\":\"" KEY "\"}," CHAIN "}", 200, DP_EGUEST},
    {"only in a list", "{\"a\":[{\"key\":\"" KEY "\"}]," CHAIN "}", 200, DP_EGUEST},
    {"only in a text", "{\"a\":\"\\\"key\\\":\\\"" KEY "\\\"\"," CHAIN "}", 200, DP_EGUEST},
    {"only as a value", "{\"a\":\"key\"," CHAIN "}", 200, DP_EGUEST},
    {"name escaped", "{\"\\u006bey\":\"" KEY "\"," CHAIN "}", 200, DP_EGUEST},
    {"name upper-case", "{\"KEY\":\"" KEY "\"," CHAIN "}", 200, DP_EGUEST},
    {"nested before the real", "{\"a\":{\"key\":\"" OTHER "\"},\"key\":\"" KEY "\"," CHAIN "}", 200,
     DP_EGUEST},
    {"nested, and the real escaped",
     "{\"a\":{\"key\":\"" OTHER "\"},\"\\u006bey\":\"" KEY "\"," CHAIN "}", 200, DP_EGUEST},
    {"twice", "{\"key\":\"" KEY "\",\"key\":\"" OTHER "\"," CHAIN "}", 200, DP_EGUEST},
    {"twice, once escaped", "{\"key\":\"" KEY "\",\"k\\u0065y\":\"" OTHER "\"," CHAIN "}", 200,
     DP_EGUEST},
    {"twice, once with NUL", "{\"key\":\"" KEY "\",\"key\\u0000\":\"" OTHER "\"," CHAIN "}", 200,
     DP_EGUEST},
    {"cut in the key",
     "{\"key\":\""
     "c4c2c5d4f8f1e2a1",
     200, DP_EGUEST},
    {"cut after the key", "{\"key\":\"" KEY, 200, DP_EGUEST},
    {"cut after the quote", "{\"key\":\"" KEY "\"", 200, DP_EGUEST},
    {"cut after the name", "{\"key\"", 200, DP_EGUEST},
    {"trailing bytes", "{\"key\":\"" KEY "\"," CHAIN "}x", 200, DP_EGUEST},
    {"a list around", "[{\"key\":\"" KEY "\"," CHAIN "}]", 200, DP_EGUEST},
    {"nothing", "", 200, DP_EGUEST},
    {"no JSON", "\"key\":\"" KEY "\"", 200, DP_EGUEST},

    {"no chain", "{\"key\":\"" KEY "\"}", 200, DP_EGUEST},
    {"chain null", "{\"key\":\"" KEY "\",\"signature_chain\":null}", 200, DP_EGUEST},
    {"chain a text", "{\"key\":\"" KEY "\",\"signature_chain\":\"" SIG_A "\"}", 200, DP_EGUEST},
    {"chain empty", "{\"key\":\"" KEY "\",\"signature_chain\":[]}", 200, DP_EGUEST},
    {"chain of 1", "{\"key\":\"" KEY "\",\"signature_chain\":[\"" SIG_A "\"]}", 200, DP_EGUEST},
    {"chain of 3",
     "{\"key\":\"" KEY "\",\"signature_chain\":[\"" SIG_A "\",\"" SIG_A "\",\"" SIG_A "\"]}", 200,
     DP_EGUEST},
    {"chain of numbers", "{\"key\":\"" KEY "\",\"signature_chain\":[1,2]}", 200, DP_EGUEST},
    {"first of 64 bytes",
     "{\"key\":\"" KEY "\",\"signature_chain\":[\"" S32 S32 "\",\"" SIG_B "\"]}", 200, DP_EGUEST},
    {"second of 66 bytes",
     "{\"key\":\"" KEY "\",\"signature_chain\":[\"" SIG_A "\",\"" SIG_B "00\"]}", 200, DP_EGUEST},
    {"first with a NUL behind it",
     "{\"key\":\"" KEY "\",\"signature_chain\":[\"" SIG_A "\\u0000\",\"" SIG_B "\"]}", 200,
     DP_EGUEST},
    {"second not hex",
     "{\"key\":\"" KEY "\",\"signature_chain\":[\"" SIG_A "\",\"" S32 S32 "0g\"]}", 200, DP_EGUEST},

    {"status 400", "{\"key\":\"" KEY "\"," CHAIN "}", 400, DP_EGUEST},
    {"status 500", "{\"error\":\"no\"}", 500, DP_EGUEST},
    {"status 201", "{\"key\":\"" KEY "\"," CHAIN "}", 201, DP_EGUEST},
    {"status 302", "", 302, DP_EGUEST},
};

/* The mode is a row's number. */
static const struct {
    const char *name;
    int status;
    const char *text;
    enum dp_err want, want_app_id;
    const char *tcb_info; /* what became of it; NULL: there is none */
} infos[] = {
    {"all there", 200,
     "{\"app_id\":\"00112233445566778899aabbccddeeff00112233\",\"tcb_info\":\"{\\\"a\\\":[1]}\"}",
     DP_OK, DP_OK, "{\"a\":[1]}"},
    {"an empty tcb_info", 200,
     "{\"app_id\":\"0x00112233445566778899aabbccddeeff00112233\",\"tcb_info\":\"\"}", DP_OK, DP_OK,
     "\"\""},
    {"no tcb_info", 200, "{\"app_id\":\"00112233445566778899aabbccddeeff00112233\"}", DP_OK, DP_OK,
     NULL},
    {"a tcb_info that is an object already", 200, "{\"app_id\":\"\",\"tcb_info\":{\"a\":1}}", DP_OK,
     DP_EGUEST, "{\"a\":1}"},
    {"no app id", 200, "{}", DP_OK, DP_EGUEST, NULL},
    {"a number as app id", 200, "{\"app_id\":1}", DP_OK, DP_EGUEST, NULL},
    {"a short app id", 200, "{\"app_id\":\"0011\"}", DP_OK, DP_EGUEST, NULL},
    {"an app id with a NUL behind it", 200,
     "{\"app_id\":\"00112233445566778899aabbccddeeff00112233\\u0000\"}", DP_OK, DP_EGUEST, NULL},
    {"a tcb_info that is no JSON", 200, "{\"tcb_info\":\"{\"}", DP_EGUEST, DP_EGUEST, NULL},
    {"a tcb_info that is no object", 200, "{\"tcb_info\":\"[1]\"}", DP_EGUEST, DP_EGUEST, NULL},
    {"no JSON", 200, "hello", DP_EGUEST, DP_EGUEST, NULL},
    {"a list", 200, "[]", DP_EGUEST, DP_EGUEST, NULL},
    {"status 500", 500, "{}", DP_EGUEST, DP_EGUEST, NULL},
};

static const struct {
    const char *name, *text;
    int status;
    enum dp_err want;
} quotes[] = {
    {"good", "{\"quote\":\"00\",\"event_log\":\"[]\",\"vm_config\":\"\"}", 200, DP_OK},
    {"of a release without vm_config", "{\"quote\":\"00\",\"event_log\":\"[]\"}", 200, DP_OK},
    {"no TDX", "{\"quote\":\"\",\"event_log\":\"\",\"attestation\":\"00\"}", 200, DP_EGUEST},
    {"no quote", "{\"event_log\":\"[]\"}", 200, DP_EGUEST},
    {"no event log", "{\"quote\":\"00\"}", 200, DP_EGUEST},
    {"a quote that is no text", "{\"quote\":0,\"event_log\":\"[]\"}", 200, DP_EGUEST},
    {"no object", "[]", 200, DP_EGUEST},
    {"no JSON", "quote", 200, DP_EGUEST},
    {"refused", "{\"error\":\"Failed to get quote\"}", 400, DP_EGUEST},
};

static void say(struct agent_answer *out, const char *method, const char *path, int mode)
{
    out->status = 404;
    if (strcmp(method, "Info") == 0) {
        out->status = infos[mode].status;
        strncpy(out->text, infos[mode].text, sizeof(out->text) - 1);
    }
    if (strcmp(method, "GetQuote") == 0) {
        out->status = quotes[mode].status;
        strncpy(out->text, quotes[mode].text, sizeof(out->text) - 1);
    }
    for (size_t i = 0; strcmp(method, "GetKey") == 0 && i < COUNT(keys); i++) {
        if (strcmp(path, keys[i].name) == 0) {
            out->status = keys[i].status;
            strncpy(out->text, keys[i].text, sizeof(out->text) - 1);
        }
    }
}

static const uint8_t *bytes_of(const struct dp_guest_key *key)
{
    return (const uint8_t *)key->key;
}

struct fixture {
    struct agent *agent;
    struct dp_guest *guest;
};

static int start(void **state)
{
    static struct fixture f;

    f.agent = agent_start(say);
    assert_int_equal(dp_secp_init(), DP_OK);
    assert_int_equal(dp_secret_init(), DP_OK);
    assert_int_equal(dp_guest_open(&f.guest, agent_socket(f.agent)), DP_OK);
    *state = &f;
    return 0;
}

static int stop(void **state)
{
    struct fixture *f = *state;

    dp_guest_close(f->guest);
    agent_stop(f->agent);
    return 0;
}

static void what_is_a_key(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < COUNT(keys); i++) {
        struct dp_guest_key key;
        enum dp_err err = dp_guest_get_key(f->guest, &key, keys[i].name, "ethereum");

        if (err != keys[i].want)
            fail_msg("%s: %s", keys[i].name, dp_err_text(err));
        dp_guest_key_free(&key);
    }
}

static void a_key_comes_with_its_public_half_and_its_chain(void **state)
{
    struct fixture *f = *state;
    uint8_t want[DP_SECP_SIG_LEN], pub[DP_SECP_PUB_LEN];
    struct dp_guest_key key;

    assert_int_equal(dp_guest_get_key(f->guest, &key, "largest key", "ethereum"), DP_OK);
    assert_int_equal(dp_secp_public(pub, bytes_of(&key)), DP_OK);
    assert_memory_equal(pub, key.public_key, sizeof(pub));
    assert_int_equal(bytes_of(&key)[DP_SECP_KEY_LEN - 1], 0x40);
    assert_int_equal(dp_hex_decode_exact(want, sizeof(want), SIG_A), DP_OK);
    assert_memory_equal(key.app_signature, want, sizeof(want));
    assert_int_equal(dp_hex_decode_exact(want, sizeof(want), SIG_B), DP_OK);
    assert_memory_equal(key.kms_signature, want, sizeof(want));
    dp_guest_key_free(&key);
}

static void a_freed_key_is_wiped_with_its_answer(void **state)
{
    static const uint8_t zero[DP_SECRET_SLOT_SIZE];
    struct fixture *f = *state;

    for (size_t i = 0; i < COUNT(keys); i++) {
        struct dp_guest_key key;
        const uint8_t *slot;

        (void)!dp_guest_get_key(f->guest, &key, keys[i].name, "ethereum");
        slot = bytes_of(&key);
        assert_non_null(slot);
        dp_guest_key_free(&key);
        assert_null(key.key);
        assert_memory_equal(slot, zero, sizeof(zero));
        dp_guest_key_free(&key);
    }
}

/* --- where is the key? --- */

#define MASK 0x5a
#define CHUNK ((size_t)1 << 20)
#define LARGEST_REGION ((uintptr_t)1 << 30) /* above it: a sanitizer's own book-keeping */

/* What is looked for, never in the clear: the key's bytes, its hex and its upper-case hex. */
struct needles {
    uint8_t raw[DP_SECP_KEY_LEN], lower[2 * DP_SECP_KEY_LEN], upper[2 * DP_SECP_KEY_LEN];
};

static uint8_t masked_digit(char c)
{
    return (uint8_t)((c <= '9' ? c - '0' : c - 'a' + 10) ^ MASK);
}

static struct needles mask(const char *hex)
{
    struct needles out;

    for (size_t i = 0; i < DP_SECP_KEY_LEN; i++)
        out.raw[i] = (uint8_t)(masked_digit(hex[2 * i]) << 4 ^ masked_digit(hex[2 * i + 1]) ^
                               (uint8_t)(MASK << 4));
    for (size_t i = 0; i < 2 * DP_SECP_KEY_LEN; i++) {
        out.lower[i] = (uint8_t)(hex[i] ^ MASK);
        out.upper[i] = (uint8_t)((hex[i] >= 'a' ? hex[i] - 0x20 : hex[i]) ^ MASK);
    }
    return out;
}

static unsigned count(const uint8_t *data, size_t len, const uint8_t *needle, size_t needle_len)
{
    unsigned found = 0;

    for (size_t at = 0; at + needle_len <= len; at++) {
        size_t same = 0;

        while (same < needle_len && data[at + same] == (uint8_t)(needle[same] ^ MASK))
            same++;
        found += same == needle_len;
    }
    return found;
}

static unsigned count_in_region(int fd, uintptr_t from, uintptr_t to, uint8_t *chunk,
                                const struct needles *needles)
{
    unsigned found = 0;

    /* Chunks overlap, so that what lies across two of them is found; a copy may count twice. */
    for (uintptr_t at = from; at < to; at += CHUNK - sizeof(needles->lower)) {
        ssize_t n = pread(fd, chunk, to - at < CHUNK ? to - at : CHUNK, (off_t)at);

        if (n <= 0)
            continue;
        found += count(chunk, (size_t)n, needles->raw, sizeof(needles->raw));
        found += count(chunk, (size_t)n, needles->lower, sizeof(needles->lower));
        found += count(chunk, (size_t)n, needles->upper, sizeof(needles->upper));
    }
    return found;
}

/* Copies in all memory that this process can write: heap, stacks, data, slots. */
static unsigned copies_of(const struct needles *needles)
{
    uint8_t *chunk = mmap(NULL, CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    FILE *maps = fopen("/proc/self/maps", "r");
    int fd = open("/proc/self/mem", O_RDONLY);
    uintptr_t from, to;
    unsigned found = 0;
    const char *perms; /* after a space */
    char line[512];

    assert_true(chunk != MAP_FAILED && maps != NULL && fd >= 0);
    while (fgets(line, sizeof(line), maps) != NULL) {
        if (!read_range(line, &from, &to, &perms) || perms[2] != 'w' || to - from > LARGEST_REGION)
            continue;
        /* Not in the bytes just read of elsewhere, which the kernel may show as part of a region.
         */
        for (uintptr_t at = from, end; at < to; at = end) {
            uintptr_t mine = (uintptr_t)chunk;

            end = at < mine && mine < to ? mine : to;
            if (at == mine)
                end = mine + CHUNK;
            else
                found += count_in_region(fd, at, end, chunk, needles);
        }
    }
    close(fd);
    fclose(maps);
    munmap(chunk, CHUNK);
    return found;
}

/* A call of its own, or the compiler would see that nobody reads what is planted. */
__attribute__((noinline)) static void plant(volatile uint8_t *at, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        at[i] = text != NULL ? (uint8_t)text[i] : 0;
}

/* The scanner must be able to fail: it finds a copy wherever one is left. */
static void the_search_finds_a_planted_copy(void **state)
{
    struct needles needles = mask(OTHER);
    uint8_t *heap = malloc(1000), stack[100];

    (void)state;
    assert_int_equal(copies_of(&needles), 0);
    plant(heap + 333, OTHER, 64);
    assert_int_equal(copies_of(&needles), 1);
    plant(heap + 333, NULL, 64);
    plant(stack + 7, RAW_OTHER, 32);
    assert_int_equal(copies_of(&needles), 1);
    plant(stack + 7, NULL, 32);
    assert_int_equal(copies_of(&needles), 0);
    free(heap);
}

/* Bytes that freed memory, the stack or a buffer of the C library may have kept are counted too. */
static void a_freed_key_is_nowhere_in_memory(void **state)
{
    struct fixture *f = *state;
    struct needles needles = mask(KEY);
    struct dp_guest_key key;

    for (size_t i = 0; i < COUNT(keys); i++) {
        enum dp_err err = dp_guest_get_key(f->guest, &key, keys[i].name, "ethereum");

        if (i == 0)
            assert_true(err == DP_OK && count(bytes_of(&key), DP_SECRET_SLOT_SIZE, needles.raw,
                                              sizeof(needles.raw)) == 1);
        dp_guest_key_free(&key);
    }
    assert_int_equal(copies_of(&needles), 0);
}

/* The slot is counted, too, unless it is of memfd_secret, which /proc/self/mem cannot read. */
static void while_it_is_held_the_key_is_only_in_its_slot(void **state)
{
    struct fixture *f = *state;
    struct needles needles = mask(KEY);
    struct dp_guest_key key;

    assert_int_equal(dp_guest_get_key(f->guest, &key, "good", "ethereum"), DP_OK);
    assert_int_equal(count(bytes_of(&key), DP_SECRET_SLOT_SIZE, needles.raw, sizeof(needles.raw)),
                     1);
    assert_true(copies_of(&needles) <= 1);
    dp_guest_key_free(&key);
}

/* --- the rest of the agent's calls --- */

static void info_decodes_tcb_info(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < COUNT(infos); i++) {
        struct json_object *info, *tcb = NULL;
        uint8_t app_id[DP_APP_ID_LEN];
        enum dp_err err;

        agent_set_mode(f->agent, (int)i);
        err = dp_guest_info(f->guest, &info);
        if (err != infos[i].want || (info != NULL) != (err == DP_OK))
            fail_msg("%s: %s", infos[i].name, dp_err_text(err));
        if (err == DP_OK && json_object_object_get_ex(info, "tcb_info", &tcb))
            assert_string_equal(json_object_to_json_string_ext(tcb, JSON_C_TO_STRING_PLAIN),
                                infos[i].tcb_info);
        else
            assert_true(err != DP_OK || infos[i].tcb_info == NULL);
        json_object_put(info);
        err = dp_guest_app_id(f->guest, app_id);
        if (err != infos[i].want_app_id)
            fail_msg("%s: app id: %s", infos[i].name, dp_err_text(err));
        if (err == DP_OK)
            assert_memory_equal(app_id, "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa", 11);
    }
}

static void what_is_a_quote(void **state)
{
    static const uint8_t report_data[DP_GUEST_REPORT_DATA_LEN];
    struct fixture *f = *state;

    for (size_t i = 0; i < COUNT(quotes); i++) {
        struct json_object *quote;
        enum dp_err err;

        agent_set_mode(f->agent, (int)i);
        err = dp_guest_quote(f->guest, &quote, report_data);
        if (err != quotes[i].want || (quote != NULL) != (err == DP_OK))
            fail_msg("%s: %s", quotes[i].name, dp_err_text(err));
        json_object_put(quote);
    }
}

static void with_all_slots_taken_no_key_is_asked_for(void **state)
{
    struct fixture *f = *state;
    void *slots[DP_SECRET_SLOTS];
    struct dp_guest_key key;
    unsigned asked = agent_keys(f->agent);

    for (size_t i = 0; i < DP_SECRET_SLOTS; i++)
        slots[i] = dp_secret_take();
    assert_int_equal(dp_guest_get_key(f->guest, &key, "good", "ethereum"), DP_ENOMEM);
    assert_null(key.key);
    dp_guest_key_free(&key);
    for (size_t i = 0; i < DP_SECRET_SLOTS; i++)
        dp_secret_return(slots[i]);
    assert_int_equal(agent_keys(f->agent), asked);
}

static void an_absent_agent_is_an_error(void **state)
{
    struct dp_guest *guest;
    struct json_object *info;
    struct dp_guest_key key;

    (void)state;
    assert_int_equal(dp_guest_open(&guest, "/nonexistent/dstack.sock"), DP_OK);
    assert_int_equal(dp_guest_get_key(guest, &key, "good", "ethereum"), DP_EGUEST);
    dp_guest_key_free(&key);
    assert_int_equal(dp_guest_info(guest, &info), DP_EGUEST);
    assert_null(info);
    dp_guest_close(guest);
    dp_guest_close(NULL);
}

static void get_many_keys(size_t index, void *arg)
{
    struct fixture *f = arg;

    for (int i = 0; i < 20; i++) {
        bool good = (index + (size_t)i) % 2 == 0;
        struct dp_guest_key key;
        enum dp_err err = dp_guest_get_key(f->guest, &key, good ? "good" : "largest key", "x");

        if (err != DP_OK || bytes_of(&key)[DP_SECP_KEY_LEN - 1] != (good ? 0xaa : 0x40))
            abort();
        dp_guest_key_free(&key);
    }
}

static void each_of_many_threads_gets_its_own_key(void **state)
{
    on_threads(32, get_many_keys, *state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_search_finds_a_planted_copy),
        cmocka_unit_test(a_freed_key_is_nowhere_in_memory),
        cmocka_unit_test(while_it_is_held_the_key_is_only_in_its_slot),
        cmocka_unit_test(what_is_a_key),
        cmocka_unit_test(a_key_comes_with_its_public_half_and_its_chain),
        cmocka_unit_test(a_freed_key_is_wiped_with_its_answer),
        cmocka_unit_test(info_decodes_tcb_info),
        cmocka_unit_test(what_is_a_quote),
        cmocka_unit_test(with_all_slots_taken_no_key_is_asked_for),
        cmocka_unit_test(an_absent_agent_is_an_error),
        cmocka_unit_test(each_of_many_threads_gets_its_own_key),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
