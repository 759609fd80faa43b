/* test_auth.c - who is asking: tokens, cookies, and requests that another site made. */
#include "helper.h"

#include <stdio.h>
#include <string.h>

#include <fcgiapp.h>

#include "base/clock.h"
#include "web/auth.h"

#define ADMIN "0123456789abcdef-admin"

/* Their own texts; what the server stores is the hash. */
static char bearer[DP_TOKEN_TEXT_SIZE], session[DP_TOKEN_TEXT_SIZE], expired[DP_TOKEN_TEXT_SIZE];

struct fixture {
    struct temp temp;
    struct dp_service service;
};

static void add_token(struct fixture *f, char text[static DP_TOKEN_TEXT_SIZE], bool is_session,
                      int64_t expires_ms)
{
    struct dp_token token;

    assert_int_equal(dp_token_make(&token, text, is_session), DP_OK);
    if (expires_ms != 0)
        token.expires_ms = expires_ms;
    snprintf(token.user_id, sizeof(token.user_id), "alice");
    assert_int_equal(dp_store_add_token(f->service.store, &token), DP_OK);
}

static int start(void **state)
{
    static struct fixture f;
    struct dp_user alice = {.user_id = "alice",
                            .email = "alice@example.com",
                            .key_namespace = "wallet/ethereum",
                            .address = "0x1"};
    char path[TEMP_SIZE], url[TEMP_SIZE + 8];

    temp_make(&f.temp);
    temp_path(path, &f.temp, "db");
    snprintf(url, sizeof(url), "sqlite:%s", path);
    assert_int_equal(dp_store_open(&f.service.store, url, DP_STORE_WRITE, NULL), DP_OK);
    assert_int_equal(dp_store_add_user(f.service.store, &alice, NULL, 0), DP_OK);
    f.service.config.admin_token = ADMIN;
    add_token(&f, bearer, false, 0);
    add_token(&f, session, true, 0);
    add_token(&f, expired, true, dp_clock_unix_ms() - 1);
    *state = &f;
    return 0;
}

static int stop(void **state)
{
    struct fixture *f = *state;

    dp_store_close(f->service.store);
    temp_remove(&f->temp);
    return 0;
}

#define COOKIE(before, text) "HTTP_COOKIE=" before "devproof_session=" text
#define SITE "HTTP_HOST=a.example:3000", "HTTP_ORIGIN=http://a.example:3000"

/* %B, %S and %X stand for the bearer token, the session's and the expired one. */
static const struct {
    const char *name, *method, *variables[4];
    enum dp_err want;
    bool admin;
} cases[] = {
    {"a bearer token", "POST", {"HTTP_AUTHORIZATION=Bearer %B"}, DP_OK, false},
    {"the word in lower case", "GET", {"HTTP_AUTHORIZATION=bearer %B"}, DP_OK, false},
    {"the admin's token", "GET", {"HTTP_AUTHORIZATION=Bearer " ADMIN}, DP_OK, true},
    {"a session", "GET", {COOKIE("", "%S")}, DP_OK, false},
    {"a session for HEAD", "HEAD", {COOKIE("", "%S")}, DP_OK, false},
    {"a session among others", "GET", {COOKIE("a=b; ", "%S; c=d")}, DP_OK, false},
    {"a change from this site", "POST", {COOKIE("", "%S"), SITE}, DP_OK, false},
    {"a change by a bearer token",
     "POST",
     {"HTTP_AUTHORIZATION=Bearer %B", COOKIE("", "%S"), "HTTP_ORIGIN=http://evil.example"},
     DP_OK,
     false},

    {"nothing", "GET", {NULL}, DP_EUNAUTHORIZED, false},
    {"an empty token", "GET", {"HTTP_AUTHORIZATION=Bearer "}, DP_EUNAUTHORIZED, false},
    {"no word", "GET", {"HTTP_AUTHORIZATION=%B"}, DP_EUNAUTHORIZED, false},
    {"another scheme", "GET", {"HTTP_AUTHORIZATION=Basic %B"}, DP_EUNAUTHORIZED, false},
    {"a bad token and a good cookie",
     "GET",
     {"HTTP_AUTHORIZATION=Bearer x", COOKIE("", "%S")},
     DP_EUNAUTHORIZED,
     false},
    {"another scheme and a good cookie",
     "GET",
     {"HTTP_AUTHORIZATION=Basic x", COOKIE("", "%S")},
     DP_EUNAUTHORIZED,
     false},
    {"a token and more", "GET", {"HTTP_AUTHORIZATION=Bearer %B0"}, DP_EUNAUTHORIZED, false},
    {"the admin's token and more",
     "GET",
     {"HTTP_AUTHORIZATION=Bearer " ADMIN "x"},
     DP_EUNAUTHORIZED,
     false},
    {"a bearer token as cookie", "GET", {COOKIE("", "%B")}, DP_EUNAUTHORIZED, false},
    {"an expired session", "GET", {COOKIE("", "%X")}, DP_EUNAUTHORIZED, false},
    {"a cookie that ends alike", "GET", {COOKIE("x", "%S")}, DP_EUNAUTHORIZED, false},
    {"a cookie that is longer", "GET", {COOKIE("", "%S0")}, DP_EUNAUTHORIZED, false},
    {"an empty cookie", "GET", {COOKIE("", "")}, DP_EUNAUTHORIZED, false},
    {"a change without origin",
     "POST",
     {COOKIE("", "%S"), "HTTP_HOST=a.example"},
     DP_EORIGIN,
     false},
    {"a deletion without origin", "DELETE", {COOKIE("", "%S"), "HTTP_HOST=a"}, DP_EORIGIN, false},
    {"a change from a site without name",
     "POST",
     {COOKIE("", "%S"), "HTTP_HOST=a.example", "HTTP_ORIGIN=null"},
     DP_EORIGIN,
     false},
    {"a change from another site",
     "POST",
     {COOKIE("", "%S"), "HTTP_HOST=a.example", "HTTP_ORIGIN=http://evil.example"},
     DP_EORIGIN,
     false},
    {"a change from another port",
     "POST",
     {COOKIE("", "%S"), "HTTP_HOST=a.example:3000", "HTTP_ORIGIN=http://a.example:3001"},
     DP_EORIGIN,
     false},
    {"a change from a site that begins alike",
     "POST",
     {COOKIE("", "%S"), "HTTP_HOST=a.example", "HTTP_ORIGIN=http://a.example.evil.example"},
     DP_EORIGIN,
     false},
    {"a change from a site under this one",
     "POST",
     {COOKIE("", "%S"), "HTTP_HOST=a.example", "HTTP_ORIGIN=http://b.a.example"},
     DP_EORIGIN,
     false},
    {"a change with nothing on either side",
     "POST",
     {COOKIE("", "%S"), "HTTP_HOST=", "HTTP_ORIGIN="},
     DP_EORIGIN,
     false},
    {"a bad cookie from another site",
     "POST",
     {COOKIE("", "0123456701234567012345670123456701234567012345670123456701234567"), SITE},
     DP_EUNAUTHORIZED,
     false},
};

/* Put the tokens where their marks are. */
static void fill_in(char *out, size_t size, const char *text)
{
    const char *mark = strchr(text, '%');

    if (mark == NULL)
        snprintf(out, size, "%s", text);
    else
        snprintf(out, size, "%.*s%s%s", (int)(mark - text), text,
                 mark[1] == 'B'   ? bearer
                 : mark[1] == 'S' ? session
                                  : expired,
                 mark + 2);
}

struct fake {
    struct dp_exchange x;
    FCGX_Request fcgi;
    char lines[4][256];
    char *envp[5];
};

static void make(struct fake *fake, struct fixture *f, const char *method,
                 const char *const variables[static 4])
{
    memset(fake, 0, sizeof(*fake));
    for (size_t i = 0; i < 4 && variables[i] != NULL; i++) {
        fill_in(fake->lines[i], sizeof(fake->lines[i]), variables[i]);
        fake->envp[i] = fake->lines[i];
    }
    fake->fcgi.envp = fake->envp;
    fake->x = (struct dp_exchange){
        .service = &f->service, .fcgi = &fake->fcgi, .method = method, .headers = DP_BUF_INIT(512)};
}

static void who_is_asking(void **state)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct dp_token token = {.admin = false};
        struct fake fake;
        enum dp_err err;

        make(&fake, *state, cases[i].method, cases[i].variables);
        err = dp_auth_identify(&fake.x, &token);
        if (err != cases[i].want || (err == DP_OK && token.admin != cases[i].admin))
            fail_msg("%s: %s", cases[i].name, dp_err_text(err));
        if (err == DP_OK)
            assert_string_equal(token.user_id, token.admin ? "" : "alice");
    }
}

static void only_the_user_and_not_even_the_admin_passes(void **state)
{
    static const char *const alice[4] = {"HTTP_AUTHORIZATION=Bearer %B"};
    static const char *const admin[4] = {"HTTP_AUTHORIZATION=Bearer " ADMIN};
    static const char *const nobody[4] = {NULL};
    struct fixture *f = *state;
    struct fake fake;

    make(&fake, f, "POST", alice);
    assert_int_equal(dp_auth_require_user(&fake.x, "alice"), DP_OK);
    assert_int_equal(dp_auth_require_user(&fake.x, "Alice"), DP_EFORBIDDEN);
    assert_int_equal(dp_auth_require_user(&fake.x, ""), DP_EFORBIDDEN);
    assert_int_equal(dp_auth_require_admin(&fake.x), DP_EFORBIDDEN);
    make(&fake, f, "POST", admin);
    assert_int_equal(dp_auth_require_user(&fake.x, "alice"), DP_EFORBIDDEN);
    assert_int_equal(dp_auth_require_user(&fake.x, ""), DP_EFORBIDDEN);
    assert_int_equal(dp_auth_require_admin(&fake.x), DP_OK);
    make(&fake, f, "POST", nobody);
    assert_int_equal(dp_auth_require_user(&fake.x, "alice"), DP_EUNAUTHORIZED);
    assert_int_equal(dp_auth_require_admin(&fake.x), DP_EUNAUTHORIZED);
    f->service.config.auth_open = true;
    assert_int_equal(dp_auth_require_user(&fake.x, "alice"), DP_OK);
    assert_int_equal(dp_auth_require_admin(&fake.x), DP_EUNAUTHORIZED);
    f->service.config.auth_open = false;
}

static void who_may_sign_comes_with_their_key(void **state)
{
    static const char *const alice[4] = {"HTTP_AUTHORIZATION=Bearer %B"};
    static const char *const admin[4] = {"HTTP_AUTHORIZATION=Bearer " ADMIN};
    static const char *const nobody[4] = {NULL};
    struct fixture *f = *state;
    struct dp_user user;
    struct fake fake;

    make(&fake, f, "POST", alice);
    assert_int_equal(dp_auth_require_signer(&fake.x, &user, "alice"), DP_OK);
    assert_string_equal(user.user_id, "alice");
    assert_string_equal(user.key_namespace, "wallet/ethereum");
    assert_int_equal(dp_auth_require_signer(&fake.x, &user, "bob"), DP_EFORBIDDEN);
    make(&fake, f, "POST", admin);
    assert_int_equal(dp_auth_require_signer(&fake.x, &user, "alice"), DP_EFORBIDDEN);
    make(&fake, f, "POST", nobody);
    assert_int_equal(dp_auth_require_signer(&fake.x, &user, "alice"), DP_EUNAUTHORIZED);
    f->service.config.auth_open = true;
    memset(&user, 0, sizeof(user));
    assert_int_equal(dp_auth_require_signer(&fake.x, &user, "alice"), DP_OK);
    assert_string_equal(user.key_namespace, "wallet/ethereum");
    assert_int_equal(dp_auth_require_signer(&fake.x, &user, "bob"), DP_EUNKNOWNUSER);
    f->service.config.auth_open = false;
}

static void a_cookie_is_for_this_site_and_no_script(void **state)
{
    static const char *const http[4] = {NULL}, *const https[4] = {"HTTPS=on"};
    struct fake fake;

    make(&fake, *state, "POST", http);
    dp_auth_set_cookie(&fake.x, "text");
    assert_string_equal(fake.x.headers.data,
                        "Set-Cookie: devproof_session=text; Path=/; Max-Age=43200; HttpOnly; "
                        "SameSite=Strict\r\n");
    dp_buf_free(&fake.x.headers);
    make(&fake, *state, "POST", https);
    dp_auth_set_cookie(&fake.x, NULL);
    assert_string_equal(fake.x.headers.data,
                        "Set-Cookie: devproof_session=; Path=/; Max-Age=0; HttpOnly; "
                        "SameSite=Strict; Secure\r\n");
    dp_buf_free(&fake.x.headers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_asking),
        cmocka_unit_test(only_the_user_and_not_even_the_admin_passes),
        cmocka_unit_test(who_may_sign_comes_with_their_key),
        cmocka_unit_test(a_cookie_is_for_this_site_and_no_script),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
