/* test_cert.c - certificate chains: what is read as one, what it says, and whether to take it. */
#include "helper.h"

#include <stdio.h>
#include <string.h>

#include "crypto/cert.h"

/* Made for this test: its own root, for wallet.test and 10.1.2.3. */
#define CERT                                                                                       \
    "-----BEGIN CERTIFICATE-----\n"                                                                \
    "MIIBoDCCAUegAwIBAgIUcV9GOmxnS/5bXnL1J7WabP4OeLUwCgYIKoZIzj0EAwIw\n"                           \
    "FjEUMBIGA1UEAwwLd2FsbGV0LnRlc3QwIBcNMjYxMTI1MDcyODU5WhgPMjEyNjEx\n"                           \
    "MDEwNzI4NTlaMBYxFDASBgNVBAMMC3dhbGxldC50ZXN0MFkwEwYHKoZIzj0CAQYI\n"                           \
    "KoZIzj0DAQcDQgAEQxufqaZ26pbZbBa+QpseM9eq0Q6R0umHC+n8wZap8hdpPOej\n"                           \
    "2Wyc6ApllCxpZoeITQpnvLEgt/GL4F3xeN6RMqNxMG8wHQYDVR0OBBYEFD927h+8\n"                           \
    "wc152npBZaOZhs6/w2TwMB8GA1UdIwQYMBaAFD927h+8wc152npBZaOZhs6/w2Tw\n"                           \
    "MA8GA1UdEwEB/wQFMAMBAf8wHAYDVR0RBBUwE4ILd2FsbGV0LnRlc3SHBAoBAgMw\n"                           \
    "CgYIKoZIzj0EAwIDRwAwRAIgMXAbCX/anRAZKmQuyNMHtzy8ys5ROOUnzeHSpA3W\n"                           \
    "uiACIA9QK254rmeGVMrIL8LeC6rG49tKfGGjnhWwQjAl+qUy\n"                                           \
    "-----END CERTIFICATE-----\n"

/* The same of another key. */
#define OTHER_CERT                                                                                 \
    "-----BEGIN CERTIFICATE-----\n"                                                                \
    "MIIBoTCCAUegAwIBAgIUSAJgjWyGFiyGgfmbXrY0EzwYehMwCgYIKoZIzj0EAwIw\n"                           \
    "FjEUMBIGA1UEAwwLd2FsbGV0LnRlc3QwIBcNMjYxMTI1MDcyODU5WhgPMjEyNjEx\n"                           \
    "MDEwNzI4NTlaMBYxFDASBgNVBAMMC3dhbGxldC50ZXN0MFkwEwYHKoZIzj0CAQYI\n"                           \
    "KoZIzj0DAQcDQgAE0xwqPXLwpQa/M5UVnGfV0u+9IdESUaufuEt65F5oHoX6T3xB\n"                           \
    "QDejBNiD4043w26J6RjN8yaTvWODrBpCk7PP/KNxMG8wHQYDVR0OBBYEFJSQx7xU\n"                           \
    "qSrfZxftnbf+920s+5dyMB8GA1UdIwQYMBaAFJSQx7xUqSrfZxftnbf+920s+5dy\n"                           \
    "MA8GA1UdEwEB/wQFMAMBAf8wHAYDVR0RBBUwE4ILd2FsbGV0LnRlc3SHBAoBAgMw\n"                           \
    "CgYIKoZIzj0EAwIDSAAwRQIgeIVSn1kxQsexiTd9NaB3ABF+M/09/wZZ2XAKiFNC\n"                           \
    "IrQCIQD1xZDQShVeIjxNJ0Re2ACzI2AnU7f1XE22YImdd/aqZw==\n"                                       \
    "-----END CERTIFICATE-----\n"

#define DAY ((int64_t)24 * 3600)

static struct dp_cert_chain *read_chain(const char *pem)
{
    struct dp_cert_chain *chain;
    struct dp_detail detail = {"", ""};

    if (dp_cert_read(&chain, (struct dp_slice){pem, strlen(pem)}, &detail) != DP_OK)
        fail_msg("%s", detail.text);
    return chain;
}

static void what_is_read_as_a_chain(void **state)
{
    static const struct {
        const char *name, *pem, *says; /* says: NULL where it is read */
    } rows[] = {
        {"one", CERT, NULL},
        {"two", CERT OTHER_CERT, NULL},
        {"text around", "# a line\n\n" CERT "more\n", NULL},
        {"none", "", "no certificate as PEM"},
        {"text", "hello\n", "no certificate as PEM"},
        {"a key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
         "no certificate as PEM"},
        {"no end", "-----BEGIN CERTIFICATE-----\nMIIB\n", "certificate 1 cannot be read"},
        {"no DER", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
         "certificate 1 cannot be read"},
        {"the second broken", CERT "-----BEGIN CERTIFICATE-----\nMIIB\n",
         "certificate 2 cannot be read"},
        {"eleven", CERT CERT CERT CERT CERT CERT CERT CERT CERT CERT CERT, "more than 10"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct dp_slice pem = {rows[i].pem, strlen(rows[i].pem)};
        struct dp_detail detail = {"", ""};
        struct dp_cert_chain *chain;
        enum dp_err err = dp_cert_read(&chain, pem, &detail);

        if (err != (rows[i].says == NULL ? DP_OK : DP_EFORMAT) ||
            (chain != NULL) != (err == DP_OK) ||
            (rows[i].says != NULL && strstr(detail.text, rows[i].says) == NULL))
            fail_msg("%s: %s", rows[i].name, detail.text);
        dp_cert_free(chain);
    }
}

static void what_was_read_is_written(void **state)
{
    struct dp_cert_chain *chain = read_chain("# text\n" CERT OTHER_CERT "more");
    struct dp_buf out = DP_BUF_INIT(16384);

    (void)state;
    dp_cert_write(&out, chain);
    assert_int_equal(out.err, DP_OK);
    assert_string_equal(out.data, CERT OTHER_CERT);
    dp_buf_free(&out);
    dp_cert_free(chain);
}

static void it_is_for_its_names_alone(void **state)
{
    struct dp_cert_chain *chain = read_chain(CERT);

    (void)state;
    assert_true(dp_cert_is_for(chain, "wallet.test"));
    assert_true(dp_cert_is_for(chain, "WALLET.test"));
    assert_true(dp_cert_is_for(chain, "10.1.2.3"));
    assert_false(dp_cert_is_for(chain, "other.test"));
    assert_false(dp_cert_is_for(chain, "sub.wallet.test"));
    assert_false(dp_cert_is_for(chain, "10.1.2.4"));
    assert_false(dp_cert_is_for(chain, ""));
    dp_cert_free(chain);
}

static void its_time_ends_and_begins(void **state)
{
    struct dp_cert_chain *chain = read_chain(CERT);
    struct dp_detail detail = {"", ""};
    struct dp_cert_facts facts;

    (void)state;
    dp_cert_facts(&facts, chain);
    assert_string_equal(facts.subject, "CN = wallet.test");
    assert_true(facts.not_after - facts.not_before > 36000 * DAY);
    assert_int_equal(dp_cert_check_time(chain, facts.not_before, &detail), DP_OK);
    assert_int_equal(dp_cert_check_time(chain, facts.not_after - 1, &detail), DP_OK);
    assert_int_equal(dp_cert_check_time(chain, facts.not_before - 1, &detail), DP_EINVAL);
    assert_non_null(strstr(detail.text, "not valid before"));
    assert_int_equal(dp_cert_check_time(chain, facts.not_after, &detail), DP_EINVAL);
    assert_non_null(strstr(detail.text, "expired at"));
    dp_cert_free(chain);
}

static void it_leads_to_a_root_that_is_trusted_or_not(void **state)
{
    struct dp_cert_chain *chain = read_chain(CERT), *other = read_chain(OTHER_CERT);
    struct dp_detail detail = {"", ""};
    struct dp_cert_facts facts;
    char path[TEMP_SIZE];
    struct temp temp;
    FILE *file;

    (void)state;
    temp_make(&temp);
    temp_path(path, &temp, "roots");
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(CERT, file);
    fclose(file);
    dp_cert_facts(&facts, chain);
    assert_int_equal(dp_cert_verify(chain, path, facts.not_before + DAY, &detail), DP_OK);
    assert_int_equal(dp_cert_verify(other, path, facts.not_before + DAY, &detail), DP_EINVAL);
    assert_non_null(strstr(detail.text, "does not verify"));
    assert_int_equal(dp_cert_verify(chain, path, facts.not_after + DAY, &detail), DP_EINVAL);
    assert_int_equal(dp_cert_verify(chain, NULL, facts.not_before + DAY, &detail), DP_EINVAL);
    assert_int_equal(dp_cert_verify(chain, "/nonexistent", facts.not_before + DAY, &detail),
                     DP_EIO);
    dp_cert_free(chain);
    dp_cert_free(other);
    dp_cert_free(NULL);
    temp_remove(&temp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_read_as_a_chain),
        cmocka_unit_test(what_was_read_is_written),
        cmocka_unit_test(it_is_for_its_names_alone),
        cmocka_unit_test(its_time_ends_and_begins),
        cmocka_unit_test(it_leads_to_a_root_that_is_trusted_or_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
