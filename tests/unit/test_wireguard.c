/* test_wireguard.c - what ip and wg are told, by programs of that name that write it down. */
#include "helper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/secret.h"
#include "cluster/tunnel_key.h"
#include "cluster/wireguard.h"

/* Each call a line, arguments between blanks, then what came in. The file "fail-NAME" lets NAME
 * fail in these words. What wg shows is in the file "show". */
static const char fake[] = "#!/bin/sh\n"
                           "cd \"$(dirname \"$0\")\" || exit 9\n"
                           "name=$(basename \"$0\")\n"
                           "echo \"$name $*\" >>log\n"
                           "case \"$name $1 $2 $3 $4\" in\n"
                           "  'ip -batch -'* | 'wg set '*' listen-port '*) cat >>log ;;\n"
                           "  'wg show'*) cat show ;;\n"
                           "esac\n"
                           "[ ! -e \"fail-$name\" ] || { cat \"fail-$name\" >&2; exit 1; }\n";

struct fixture {
    struct temp temp;
    struct dp_wireguard wireguard;
};

static void write_file(const struct fixture *f, const char *name, const char *text)
{
    char path[TEMP_SIZE];
    FILE *file;

    temp_path(path, &f->temp, name);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fchmod(fileno(file), 0755), 0);
    fclose(file);
}

static void forget(const struct fixture *f, const char *name)
{
    char path[TEMP_SIZE];

    temp_path(path, &f->temp, name);
    unlink(path);
}

/* What was called since the last time. */
static const char *calls(const struct fixture *f)
{
    static char text[65536];
    char path[TEMP_SIZE];
    FILE *file;

    temp_path(path, &f->temp, "log");
    file = fopen(path, "r");
    text[file != NULL ? fread(text, 1, sizeof(text) - 1, file) : 0] = '\0';
    if (file != NULL)
        fclose(file);
    unlink(path);
    return text;
}

static int start(void **state)
{
    static struct fixture f;
    char path[TEMP_SIZE + 64];

    f = (struct fixture){.wireguard.device.name = "wg7"};
    temp_make(&f.temp);
    write_file(&f, "wg", fake);
    write_file(&f, "ip", fake);
    write_file(&f, "show", "");
    snprintf(path, sizeof(path), "%s:/usr/bin:/bin", f.temp.dir);
    setenv("PATH", path, 1);
    *state = &f;
    return 0;
}

static int stop(void **state)
{
    struct fixture *f = *state;

    dp_wireguard_close(&f->wireguard);
    temp_remove(&f->temp);
    return 0;
}

/* --- keys --- */

static void a_key_is_new_each_time_and_what_wg_gets(void **state)
{
    const struct fixture *f = *state;
    struct dp_tunnel_key one, other;
    char text[DP_TUNNEL_KEY_TEXT_SIZE], want[128];

    assert_int_equal(dp_tunnel_key_make(&one), DP_OK);
    assert_int_equal(dp_tunnel_key_make(&other), DP_OK);
    assert_memory_not_equal(one.public_key, other.public_key, DP_TUNNEL_KEY_LEN);
    assert_memory_not_equal(one.slot, other.slot, DP_TUNNEL_KEY_LEN);
    dp_tunnel_key_text(text, one.slot);
    assert_int_equal(dp_tunnel_key_install(&one, "wg7", 51820, NULL), DP_OK);
    snprintf(want, sizeof(want), "wg set wg7 listen-port 51820 private-key /dev/stdin\n%s\n", text);
    assert_string_equal(calls(f), want);
    /* No second copy stays behind. */
    assert_null(memmem(one.slot, DP_SECRET_SLOT_SIZE, text, 40));
    dp_tunnel_key_free(&one);
    dp_tunnel_key_free(&other);
    assert_null(one.slot);
}

/* RFC 7748. wg would set them too, and have another key than was made. */
static void the_key_has_the_bits_of_x25519(void **state)
{
    struct dp_tunnel_key key;

    (void)state;
    assert_int_equal(dp_tunnel_key_make(&key), DP_OK);
    assert_int_equal(key.slot[0] & 7, 0);
    assert_int_equal(key.slot[DP_TUNNEL_KEY_LEN - 1] & 0xc0, 0x40);
    dp_tunnel_key_free(&key);
}

/* What a program says of a key may be the key. */
static void a_refused_key_is_not_quoted(void **state)
{
    const struct fixture *f = *state;
    struct dp_detail detail = {"", ""};
    struct dp_tunnel_key key;

    assert_int_equal(dp_tunnel_key_make(&key), DP_OK);
    write_file(f, "fail-wg", "Key is not the correct length: `AAAA'");
    assert_int_equal(dp_tunnel_key_install(&key, "wg7", 1, &detail), DP_EIO);
    assert_string_equal(detail.text, "wg does not give the key to wg7.");
    dp_tunnel_key_free(&key);
}

static const struct {
    const char *text;
    bool ok;
} texts[] = {
    {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", true},
    {"hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=", true},
    {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=", false}, /* bits that no byte has */
    {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", false},
    {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==", false},
    {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", false},
    {" AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", false},
    {"", false},
};

static void keys_read_in_one_way_only(void **state)
{
    uint8_t key[DP_TUNNEL_KEY_LEN];
    char again[DP_TUNNEL_KEY_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        if ((dp_tunnel_key_read(key, texts[i].text) == DP_OK) != texts[i].ok)
            fail_msg("%s", texts[i].text);
        if (!texts[i].ok)
            continue;
        dp_tunnel_key_text(again, key);
        assert_string_equal(again, texts[i].text);
    }
}

/* --- peers --- */

static struct dp_wireguard_peer peer(uint8_t first, const char *endpoint, const char *allowed)
{
    struct dp_wireguard_peer out = {.key = {first}};

    snprintf(out.endpoint, sizeof(out.endpoint), "%s", endpoint);
    snprintf(out.allowed, sizeof(out.allowed), "%s", allowed);
    return out;
}

#define REST "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" /* of a key, after its first byte */
#define UPDATE(f, ...)                                                                             \
    update(f, (const struct dp_wireguard_peer[]){__VA_ARGS__},                                     \
           sizeof((const struct dp_wireguard_peer[]){__VA_ARGS__}) /                               \
               sizeof(struct dp_wireguard_peer))

static enum dp_err update(struct fixture *f, const struct dp_wireguard_peer *list, size_t count)
{
    return dp_wireguard_update(&f->wireguard, list, count, NULL);
}

static void only_what_differs_is_named(void **state)
{
    struct fixture *f = *state;
    const struct dp_wireguard_peer one = peer(1, "192.0.2.1:1", "fd00::1/128"),
                                   two = peer(2, "192.0.2.2:1", "fd00::2/128"),
                                   three = peer(3, "", "fd00::3/128");

    assert_int_equal(UPDATE(f, two, three, one), DP_OK);
    assert_string_equal(calls(f), "wg set wg7"
                                  " peer AQ" REST " endpoint 192.0.2.1:1 persistent-keepalive 25"
                                  " allowed-ips fd00::1/128"
                                  " peer Ag" REST " endpoint 192.0.2.2:1 persistent-keepalive 25"
                                  " allowed-ips fd00::2/128"
                                  " peer Aw" REST " allowed-ips fd00::3/128\n");
    assert_int_equal(UPDATE(f, one, two, three), DP_OK);
    assert_string_equal(calls(f), ""); /* the same list: no call at all */
    assert_int_equal(UPDATE(f, one, peer(2, "192.0.2.2:1", "fd00::2/128,10.0.1.2/32"), three),
                     DP_OK);
    assert_string_equal(calls(f),
                        "wg set wg7 peer Ag" REST " allowed-ips fd00::2/128,10.0.1.2/32\n");
    assert_int_equal(UPDATE(f, one, peer(2, "192.0.2.9:1", "fd00::2/128,10.0.1.2/32"), three),
                     DP_OK);
    assert_string_equal(calls(f), "wg set wg7 peer Ag" REST
                                  " endpoint 192.0.2.9:1 persistent-keepalive 25\n");
    assert_int_equal(UPDATE(f, one, three), DP_OK);
    assert_string_equal(calls(f), "wg set wg7 peer Ag" REST " remove\n");
    assert_int_equal(dp_wireguard_update(&f->wireguard, NULL, 0, NULL), DP_OK);
    assert_string_equal(calls(f), "wg set wg7 peer AQ" REST " remove peer Aw" REST " remove\n");
}

/* An address passes to another key: it must be free first. */
static void who_goes_is_named_before_who_comes(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(UPDATE(f, peer(9, "", "10.0.1.2/32")), DP_OK);
    (void)calls(f);
    assert_int_equal(UPDATE(f, peer(1, "", "10.0.1.2/32")), DP_OK);
    assert_string_equal(calls(f), "wg set wg7 peer CQ" REST " remove peer AQ" REST
                                  " allowed-ips 10.0.1.2/32\n");
}

static void after_a_failure_the_interface_is_asked(void **state)
{
    struct fixture *f = *state;
    const struct dp_wireguard_peer one = peer(1, "192.0.2.1:1", "fd00::1/128"),
                                   two = peer(2, "", "fd00::2/128");

    write_file(f, "fail-wg", "no");
    assert_int_equal(UPDATE(f, one, two), DP_EIO);
    assert_int_equal(UPDATE(f, one, two), DP_EIO);
    forget(f, "fail-wg");
    (void)calls(f);
    write_file(f, "show", "AQ" REST "\nBw" REST "\n");
    assert_int_equal(UPDATE(f, one, two), DP_OK);
    assert_string_equal(calls(f),
                        "wg show wg7 peers\n"
                        "wg set wg7 peer Bw" REST " remove peer AQ" REST
                        " endpoint 192.0.2.1:1 persistent-keepalive 25"
                        " allowed-ips fd00::1/128 peer Ag" REST " allowed-ips fd00::2/128\n");
    assert_int_equal(UPDATE(f, one, two), DP_OK);
    assert_string_equal(calls(f), "");
}

static void handshakes_are_read(void **state)
{
    struct fixture *f = *state;
    struct dp_wireguard_handshake got[4];
    size_t count;

    write_file(f, "show", "AQ" REST "\t1790000000\nBw" REST "\t0\n");
    assert_int_equal(dp_wireguard_handshakes(&f->wireguard, got, COUNT(got), &count, NULL), DP_OK);
    assert_int_equal(count, 2);
    assert_int_equal(got[0].key[0], 1);
    assert_int_equal(got[0].at, 1790000000);
    assert_int_equal(got[1].at, 0);
    assert_int_equal(dp_wireguard_handshakes(&f->wireguard, got, 1, &count, NULL), DP_OK);
    assert_int_equal(count, 1);
    write_file(f, "show", "AQ" REST "\tsoon\n");
    assert_int_equal(dp_wireguard_handshakes(&f->wireguard, got, COUNT(got), &count, NULL),
                     DP_EFORMAT);
    write_file(f, "show", "AQ\t1\n");
    assert_int_equal(dp_wireguard_handshakes(&f->wireguard, got, COUNT(got), &count, NULL),
                     DP_EFORMAT);
}

static bool is_port(uint16_t port, void *arg)
{
    return port == *(const uint16_t *)arg;
}

/* What WireGuard learned elsewhere stays, and so does a port where there is something. */
static void an_endpoint_of_this_machine_where_nothing_is_gives_way_to_the_lists(void **state)
{
    struct fixture *f = *state;
    const struct dp_wireguard_peer one = peer(1, "127.0.0.1:1", "fd00::1/128"),
                                   two = peer(2, "192.0.2.2:1", "fd00::2/128"),
                                   three = peer(3, "127.0.0.1:3", "fd00::3/128"),
                                   four = peer(4, "127.0.0.1:4", "fd00::4/128");
    uint16_t there = 3000;

    assert_int_equal(UPDATE(f, one, two, three, four), DP_OK);
    (void)calls(f);
    write_file(f, "show",
               "AQ" REST "\t127.0.0.1:1000\nAg" REST "\t192.0.2.9:1000\nAw" REST
               "\t127.0.0.1:3000\nBA" REST "\t(none)\nBw" REST "\t127.0.0.1:1000\n");
    assert_int_equal(dp_wireguard_unlearn(&f->wireguard, is_port, &there, NULL), DP_OK);
    assert_string_equal(calls(f), "wg show wg7 endpoints\n");
    assert_int_equal(UPDATE(f, one, two, three, four), DP_OK);
    assert_string_equal(calls(f), "wg set wg7 peer AQ" REST
                                  " endpoint 127.0.0.1:1 persistent-keepalive 25\n");
    write_file(f, "show", "AQ\t127.0.0.1:1\n");
    assert_int_equal(dp_wireguard_unlearn(&f->wireguard, is_port, &there, NULL), DP_EFORMAT);
}

/* --- the interface --- */

static void the_kernels_interface_is_made_and_taken_away(void **state)
{
    const struct fixture *f = *state;
    static const char *const addresses[] = {"10.0.1.3/24", "fd00::3/64"};
    struct dp_wireguard_device device;

    assert_int_equal(dp_wireguard_device_open(&device, "wg7", NULL), DP_OK);
    assert_string_equal(calls(f), "ip -oneline link show dev wg7 type wireguard\n"
                                  "ip link add dev wg7 type wireguard\n");
    assert_int_equal(dp_wireguard_device_check(&device, NULL), DP_OK);
    assert_int_equal(dp_wireguard_device_up(&device, addresses, 2, 1420, NULL), DP_OK);
    assert_string_equal(calls(f), "ip -batch -\n"
                                  "address add 10.0.1.3/24 dev wg7\n"
                                  "address add fd00::3/64 dev wg7 nodad\n"
                                  "link set dev wg7 mtu 1420 up\n");
    dp_wireguard_device_close(&device);
    assert_string_equal(calls(f), "ip link delete dev wg7\n");
    dp_wireguard_device_close(&device);
    assert_string_equal(calls(f), "");
}

static void when_neither_works_both_reasons_are_said(void **state)
{
    const struct fixture *f = *state;
    struct dp_wireguard_device device;
    struct dp_detail detail = {"", ""};

    write_file(f, "fail-ip", "Unknown device type.");
    write_file(f, "wireguard-go", "#!/bin/sh\necho no tun here >&2\nexit 1\n");
    write_file(f, "fail-wg", "no");
    assert_int_equal(dp_wireguard_device_open(&device, "wg7", &detail), DP_EIO);
    assert_string_equal(detail.text, "no WireGuard. The kernel's: ip says: Unknown device type. "
                                     "Else: wireguard-go says: no tun here");
    dp_wireguard_device_close(&device);
}

static const struct {
    const char *name;
    bool ok;
} names[] = {
    {"wg0", true},
    {"a", true},
    {"abcdefghijklmno", true},
    {"abcdefghijklmnop", false},
    {"", false},
    {"-a", false},
    {"0a", false},
    {"a b", false},
    {"a/b", false},
    {"..", false},
    {"a\n", false},
    {"a;b", false},
};

static void names_of_interfaces(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        if (dp_wireguard_name_is_valid(names[i].name) != names[i].ok)
            fail_msg("%s", names[i].name);
    }
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_key_is_new_each_time_and_what_wg_gets),
        TEST(the_key_has_the_bits_of_x25519),
        TEST(a_refused_key_is_not_quoted),
        TEST(keys_read_in_one_way_only),
        TEST(only_what_differs_is_named),
        TEST(who_goes_is_named_before_who_comes),
        TEST(after_a_failure_the_interface_is_asked),
        TEST(handshakes_are_read),
        TEST(an_endpoint_of_this_machine_where_nothing_is_gives_way_to_the_lists),
        TEST(the_kernels_interface_is_made_and_taken_away),
        TEST(when_neither_works_both_reasons_are_said),
        TEST(names_of_interfaces),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
