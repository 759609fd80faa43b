/* test_tunnel_address.c - addresses of tokens, what they collide with, and where peers are. */
#include "helper.h"

#include <string.h>

#include "base/hex.h"
#include "cluster/tunnel_address.h"
#include "cluster/tunnel_endpoint.h"
#include "cluster/tunnel_routes.h"

static const uint8_t contract[DP_ADDRESS_LEN] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07,
                                                 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e,
                                                 0x0f, 0x10, 0x11, 0x12, 0x13, 0x14};

static struct dp_tunnel_net net_of(const char *range)
{
    struct dp_tunnel_net net;

    assert_int_equal(dp_tunnel_net_make(&net, range, contract, 8453, NULL), DP_OK);
    return net;
}

/* --- ranges --- */

static const struct {
    const char *range;
    enum dp_err want;
} ranges[] = {
    {"10.0.1.0/24", DP_OK},         {"10.0.0.0/8", DP_OK},        {"172.16.0.0/12", DP_OK},
    {"192.168.7.4/30", DP_OK},      {"100.64.0.0/10", DP_OK},     {"10.0.1.0", DP_ECONFIG},
    {"10.0.1.1/24", DP_ECONFIG},    {"10.0.1.0/31", DP_ECONFIG},  {"10.0.1.0/32", DP_ECONFIG},
    {"8.0.0.0/7", DP_ECONFIG},      {"0.0.0.0/0", DP_ECONFIG},    {"0.0.0.0/8", DP_ECONFIG},
    {"127.0.0.0/8", DP_ECONFIG},    {"224.0.0.0/8", DP_ECONFIG},  {"240.0.0.0/8", DP_ECONFIG},
    {"10.0.1.0/33", DP_ECONFIG},    {"10.0.1.0/024", DP_ECONFIG}, {"10.0.1.0/-1", DP_ECONFIG},
    {"10.0.1.0/24 ", DP_ECONFIG},   {"10.0.1.0/", DP_ECONFIG},    {"10.0.1/24", DP_ECONFIG},
    {"10.0.1.0/24/24", DP_ECONFIG}, {"fd00::/48", DP_ECONFIG},    {"", DP_ECONFIG},
    {"10.0.1.0/9999", DP_ECONFIG},  {"010.0.1.0/24", DP_ECONFIG}, {"10.0.256.0/24", DP_ECONFIG},
};

static void ranges_are_taken_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        struct dp_detail detail = {"", ""};
        struct dp_tunnel_net net;

        if (dp_tunnel_net_make(&net, ranges[i].range, contract, 1, &detail) != ranges[i].want ||
            (detail.text[0] != '\0') != (ranges[i].want != DP_OK))
            fail_msg("%s: %s", ranges[i].range, detail.text);
    }
}

/* --- addresses --- */

static const struct {
    const char *range;
    uint64_t token;
    const char *want; /* NULL: there is none */
} fours[] = {
    {NULL, 1, "10.0.1.1"},
    {NULL, 3, "10.0.1.3"},
    {NULL, 254, "10.0.1.254"},
    {NULL, 0, NULL},
    {NULL, 255, NULL},
    {NULL, 256, NULL},
    {NULL, UINT64_C(0x100000001), NULL},
    {NULL, UINT64_MAX, NULL},
    {"10.8.0.0/16", 256, "10.8.1.0"},
    {"10.8.0.0/16", 65534, "10.8.255.254"},
    {"10.8.0.0/16", 65535, NULL},
    {"10.0.0.0/8", 0xfffffe, "10.255.255.254"},
    {"10.0.0.0/8", 0xffffff, NULL},
    {"192.168.7.4/30", 1, "192.168.7.5"},
    {"192.168.7.4/30", 2, "192.168.7.6"},
    {"192.168.7.4/30", 3, NULL},
};

static void a_token_has_its_address_or_a_clear_error(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(fours) / sizeof(fours[0]); i++) {
        const struct dp_tunnel_net net = net_of(fours[i].range);
        const char *want = fours[i].want != NULL ? fours[i].want : "";
        struct dp_detail detail = {"", ""};
        char got[DP_TUNNEL_ADDRESS_SIZE];
        enum dp_err err = dp_tunnel_address4(got, &net, fours[i].token, &detail);

        if (err != (fours[i].want != NULL ? DP_OK : DP_ETOOBIG) || strcmp(got, want) != 0)
            fail_msg("row %zu: %s, %s", i, got, detail.text);
        if (err != DP_OK)
            assert_non_null(strstr(detail.text, "set a larger range"));
    }
}

/* The hash as Python has it. */
static void the_prefix_comes_from_contract_and_chain(void **state)
{
    struct dp_tunnel_net net = net_of(NULL), other;
    char text[DP_TUNNEL_PREFIX_SIZE];

    (void)state;
    assert_int_equal(dp_tunnel_address6(text, &net, DP_TUNNEL_APPLICATION, 3, NULL), DP_OK);
    assert_string_equal(text, "fdd8:c3f6:ce33:1::3");
    assert_int_equal(dp_tunnel_address6(text, &net, DP_TUNNEL_PROOF, UINT64_MAX, NULL), DP_OK);
    assert_string_equal(text, "fdd8:c3f6:ce33:2:ffff:ffff:ffff:ffff");
    assert_int_equal(dp_tunnel_address6(text, &net, DP_TUNNEL_PROOF, 0, NULL), DP_ETOOBIG);
    dp_tunnel_subnet6(text, &net, DP_TUNNEL_PROOF);
    assert_string_equal(text, "fdd8:c3f6:ce33:2::/64");
    assert_int_equal(dp_tunnel_net_make(&other, NULL, contract, 8454, NULL), DP_OK);
    assert_memory_not_equal(other.prefix6, net.prefix6, sizeof(net.prefix6));
    assert_int_equal(other.prefix6[0], 0xfd);
}

/* --- conflicts --- */

static const struct {
    const char *prefix;
    bool want;
} overlaps[] = {
    {"10.0.1.0/24", true},
    {"10.0.1.7", true},
    {"10.0.0.0/8", true},
    {"10.0.1.128/25", true},
    {"10.0.0.0/15", true},
    {"10.0.0.255", false},
    {"10.0.2.0/24", false},
    {"10.0.0.0/24", false},
    {"11.0.0.0/8", false},
    {"default", false},
    {"0.0.0.0/0", false},
    {"::/0", false},
    {"fdd8:c3f6:ce33::/48", true},
    {"fdd8:c3f6:ce33:9::1", true},
    {"fd00::/8", true},
    {"fd00::/64", false},
    {"fe80::/64", false},
    {"nonsense", false},
    {"", false},
    {"10.0.1.0/99", false},
    {"multicast", false},
};

static void what_shares_an_address_overlaps(void **state)
{
    const struct dp_tunnel_net net = net_of(NULL);

    (void)state;
    for (size_t i = 0; i < sizeof(overlaps) / sizeof(overlaps[0]); i++) {
        if (dp_tunnel_overlaps(&net, overlaps[i].prefix) != overlaps[i].want)
            fail_msg("%s", overlaps[i].prefix);
    }
}

static const struct {
    const char *name, *json, *says; /* says: part of the error, NULL for none */
    enum dp_err want;
} routes[] = {
    {"nothing", "", NULL, DP_OK},
    {"none", "[ ]", NULL, DP_OK},
    {"others", "[{\"dst\":\"default\",\"dev\":\"eth0\"},{\"dst\":\"192.0.2.0/24\",\"dev\":\"a\"}]",
     NULL, DP_OK},
    {"our own", "[{\"dst\":\"10.0.1.0/24\",\"dev\":\"wg0\"}]", NULL, DP_OK},
    {"another's",
     "[{\"dst\":\"192.0.2.0/24\",\"dev\":\"a\"},{\"dst\":\"10.0.0.0/16\",\"dev\":\"docker0\"}]",
     "10.0.0.0/16, which this machine has on docker0", DP_ECONFLICT},
    {"of no device", "[{\"type\":\"blackhole\",\"dst\":\"10.0.1.4\"}]",
     "10.0.1.4, which this machine has:", DP_ECONFLICT},
    {"no JSON", "routes", "something else", DP_EFORMAT},
    {"no list", "{}", "something else", DP_EFORMAT},
    {"no objects", "[1]", NULL, DP_OK},
    {"a list and more", "[]}", "something else", DP_EFORMAT},
};

static void a_route_in_the_way_is_named(void **state)
{
    const struct dp_tunnel_net net = net_of(NULL);

    (void)state;
    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        struct dp_detail detail = {"", ""};
        enum dp_err err = dp_tunnel_routes_judge(
            &net, "wg0", (struct dp_slice){routes[i].json, strlen(routes[i].json)}, &detail);

        if (err != routes[i].want ||
            (routes[i].says != NULL && strstr(detail.text, routes[i].says) == NULL))
            fail_msg("%s: %s", routes[i].name, detail.text);
    }
}

/* --- endpoints --- */

static const struct {
    const char *text, *want; /* want: as WireGuard takes it; NULL: it is refused, "": a name */
} endpoints[] = {
    {"192.0.2.1:51820", "192.0.2.1:51820"},
    {"[2001:db8::1]:51820", "[2001:db8::1]:51820"},
    {"node.example:1", ""},
    {"a:65535", ""},
    {"xn--bcher-kva.example:443", ""},
    {"192.0.2.1:0", NULL},
    {"192.0.2.1:65536", NULL},
    {"192.0.2.1:051820", NULL},
    {"192.0.2.1:+1", NULL},
    {"192.0.2.1: 1", NULL},
    {"192.0.2.1:", NULL},
    {"192.0.2.1", NULL},
    {":51820", NULL},
    {"", NULL},
    {"2001:db8::1:51820", NULL},
    {"[192.0.2.1]:51820", NULL},
    {"[]:51820", NULL},
    {"[2001:db8::1]51820", NULL},
    {"[fe80::1%eth0]:51820", NULL},
    {"[fe80::1]:51820", NULL},
    {"[::1]:51820", NULL},
    {"[::]:51820", NULL},
    {"[ff02::1]:51820", NULL},
    {"[::ffff:127.0.0.1]:51820", NULL},
    {"127.0.0.1:51820", NULL},
    {"0.0.0.0:51820", NULL},
    {"224.0.0.1:51820", NULL},
    {"255.255.255.255:51820", NULL},
    {"127.1:51820", NULL},
    {"2130706433:51820", NULL},
    {"0x7f000001:51820", NULL},
    {"a.0x7f:51820", NULL},
    {"-oProxy:51820", NULL},
    {"--help:1", NULL},
    {"a-.example:1", NULL},
    {"a..example:1", NULL},
    {".example:1", NULL},
    {"example.:1", NULL},
    {"a_b.example:1", NULL},
    {"a b.example:1", NULL},
    {"a\n.example:1", NULL},
    {"a/b:1", NULL},
    {"https://0123456789abcdef0123456789abcdef01234567-51820s.gateway.example", ""},
    {"https://a.example:1", ""},
    {"https://", NULL},
    {"https://:443", NULL},
    {"https://a.example:", NULL},
    {"https://a.example:0", NULL},
    {"https://a.example:443:443", NULL},
    {"https://a.example/", NULL},
    {"https://a.example?a", NULL},
    {"https://a@b.example", NULL},
    {"https://192.0.2.1", NULL},
    {"https://[2001:db8::1]:443", NULL},
    {"https://https://a.example", NULL},
    {"HTTPS://a.example:443", NULL},
    {"http://a.example:443", NULL},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:1", NULL},
    {"$(id).example:1", NULL},
};

static void endpoints_are_read_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++) {
        const char *want = endpoints[i].want;
        struct dp_detail detail = {"", ""};
        struct dp_tunnel_endpoint got;
        char text[DP_TUNNEL_ENDPOINT_SIZE] = "";
        enum dp_err err = dp_tunnel_endpoint_read(&got, endpoints[i].text, &detail);

        if ((err == DP_OK) != (want != NULL) || (err != DP_OK && detail.text[0] == '\0'))
            fail_msg("%s: %s", endpoints[i].text, dp_err_text(err));
        if (want == NULL)
            continue;
        assert_int_equal(got.is_name, want[0] == '\0');
        if (!got.is_name)
            assert_int_equal(dp_tunnel_endpoint_resolve(text, &got, NULL), DP_OK);
        assert_string_equal(text, want);
    }
}

/* Of the machine's own files, so that no network is needed. */
static void a_name_that_leads_to_this_machine_is_refused(void **state)
{
    struct dp_tunnel_endpoint endpoint;
    struct dp_detail detail = {"", ""};
    char text[DP_TUNNEL_ENDPOINT_SIZE];

    (void)state;
    assert_int_equal(dp_tunnel_endpoint_read(&endpoint, "localhost:51820", NULL), DP_OK);
    assert_int_equal(dp_tunnel_endpoint_resolve(text, &endpoint, &detail), DP_EINVAL);
    assert_string_equal(text, "");
    assert_non_null(strstr(detail.text, "no other machine"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_are_taken_or_refused),
        cmocka_unit_test(a_token_has_its_address_or_a_clear_error),
        cmocka_unit_test(the_prefix_comes_from_contract_and_chain),
        cmocka_unit_test(what_shares_an_address_overlaps),
        cmocka_unit_test(a_route_in_the_way_is_named),
        cmocka_unit_test(endpoints_are_read_or_refused),
        cmocka_unit_test(a_name_that_leads_to_this_machine_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
