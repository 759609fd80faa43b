/* eventlog.c - devproof eventlog replay: what a TD's event log amounts to. Offline. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attest/config_id.h"
#include "attest/event_facts.h"
#include "attest/eventlog.h"
#include "attest/measure.h"
#include "attest/quote.h"
#include "base/hex.h"
#include "base/json.h"
#include "devproof/client.h"
#include "devproof/command.h"

#define QUOTE_FILE_MAX (2 * DP_QUOTE_MAX + 1024) /* as hex, with line ends */
#define HEX_MAX 4096                             /* bytes of a payload that is shown */

static const char help[] =
    "Usage: devproof eventlog replay FILE [--quote FILE [--stripped] | --rtmr3 HEX]\n\n"
    "Replays the registers RTMR0 to RTMR3 from an event log, and says what the log says of the "
    "app.\n"
    "FILE is a JSON array of events, or an answer of GetQuote or Info with event_log in it (- for\n"
    "standard input). If there is a quote in it, or one is named, its registers must be these.\n"
    "The quote's signature is not checked here: see devproof quote verify.\n"
    "Exit code 0 only if the log holds, and agrees with the quote where there is one.\n\n"
    "  --quote FILE    a quote, as bytes or hex\n"
    "  --rtmr3 HEX     what RTMR3 must be\n"
    "  --stripped      the log has RTMR3 alone, as in a certificate: compare only that\n"
    "  --json          print the answer as JSON\n"
    "  --help\n";

struct input {
    struct dp_eventlog log;
    struct dp_event_facts facts;
    uint8_t rtmr[DP_RTMR_COUNT][DP_RTMR_LEN], boot[DP_RTMR_COUNT][DP_RTMR_LEN];
    struct dp_buf quote_bytes;
    struct dp_quote quote;
    uint8_t rtmr3[DP_RTMR_LEN]; /* what it must be */
    bool has_quote, has_rtmr3, stripped;
};

static struct json_object *new_object(void)
{
    struct json_object *object = json_object_new_object();

    if (object == NULL)
        abort();
    return object;
}

static void add_hex(struct json_object *out, const char *name, const void *data, size_t len)
{
    char text[2 * HEX_MAX + 1];

    if (data == NULL || len > HEX_MAX) {
        dp_json_add(out, name, NULL);
    } else {
        dp_hex_encode(text, data, len);
        dp_json_add_text(out, name, text);
    }
}

static void add_slice(struct json_object *out, const char *name, struct dp_slice bytes)
{
    add_hex(out, name, bytes.data, bytes.len);
}

static void add_key_provider(struct json_object *out, struct dp_slice payload)
{
    struct dp_key_provider provider;
    struct json_object *object;

    if (payload.data == NULL || dp_key_provider_read(&provider, payload) != DP_OK) {
        dp_json_add(out, "key_provider", NULL);
        return;
    }
    object = new_object();
    dp_json_add_text(object, "name", provider.name);
    add_hex(object, "id", provider.id, provider.id_len);
    dp_json_add(out, "key_provider", object);
}

static void add_registers(struct json_object *out, const struct input *in)
{
    char name[] = "rtmr0";

    for (int i = 0; i < DP_RTMR_COUNT; i++) {
        name[4] = (char)('0' + i);
        add_hex(out, name, in->rtmr[i], DP_RTMR_LEN);
    }
    add_hex(out, "rtmr3_boot", in->boot[DP_RTMR_RUNTIME], DP_RTMR_LEN);
}

static void add_facts(struct json_object *out, const struct dp_event_facts *facts)
{
    const char *fault = dp_event_facts_fault(facts);

    add_slice(out, "app_id", facts->app_id);
    add_slice(out, "compose_hash", facts->compose_hash);
    add_slice(out, "instance_id", facts->instance_id);
    add_slice(out, "os_image_hash", facts->os_image_hash);
    add_key_provider(out, facts->key_provider);
    add_slice(out, "key_provider_info", facts->key_provider);
    add_slice(out, "mr_kms", facts->mr_kms);
    dp_json_add_bool(out, "system_ready", facts->ready);
    if (fault != NULL)
        dp_json_add_text(out, "note", fault);
}

static void add_config_id(struct json_object *out, const struct input *in)
{
    static const char *const verdicts[] = {[DP_CONFIG_UNUSED] = "unused",
                                           [DP_CONFIG_AGREES] = "agrees",
                                           [DP_CONFIG_DIFFERS] = "differs",
                                           [DP_CONFIG_DOCUMENT] = "needs its document"};
    const uint8_t *id = in->quote.td->mr_config_id;
    struct json_object *object = new_object();
    struct dp_config_id read;

    add_hex(out, "mr_config_id", id, DP_CONFIG_ID_LEN);
    if (dp_config_id_read(&read, id) == DP_OK) {
        dp_json_add_int(object, "version", read.version);
        add_hex(object, "digest", read.digest, sizeof(read.digest));
    }
    dp_json_add_text(object, "verdict", verdicts[dp_config_id_judge(id, &in->facts)]);
    dp_json_add(out, "config_id", object);
}

static void add_measures(struct json_object *out, const struct input *in)
{
    static const struct dp_slice none = {NULL, 0};
    struct json_object *boot = new_object();
    uint8_t hash[DP_MEASURE_LEN];

    dp_measure_system(hash, in->quote.td, in->facts.key_provider);
    add_hex(out, "mr_system", hash, sizeof(hash));
    dp_measure_aggregated(hash, in->quote.td, in->quote.td->rtmr[DP_RTMR_RUNTIME]);
    add_hex(out, "mr_aggregated", hash, sizeof(hash));
    dp_measure_system(hash, in->quote.td, none);
    add_hex(boot, "mr_system", hash, sizeof(hash));
    dp_measure_aggregated(hash, in->quote.td, in->boot[DP_RTMR_RUNTIME]);
    add_hex(boot, "mr_aggregated", hash, sizeof(hash));
    dp_json_add(out, "boot_time", boot);
}

/* Returns: NULL where the registers are what they must be. */
static const char *compare(const struct input *in)
{
    static const char *const faults[DP_RTMR_COUNT] = {
        "RTMR0 of the quote is not what the log replays to.",
        "RTMR1 of the quote is not what the log replays to.",
        "RTMR2 of the quote is not what the log replays to.",
        "RTMR3 of the quote is not what the log replays to."};

    if (in->has_rtmr3 && memcmp(in->rtmr[DP_RTMR_RUNTIME], in->rtmr3, DP_RTMR_LEN) != 0)
        return "RTMR3 is not what the log replays to.";
    if (!in->has_quote)
        return NULL;
    if (in->quote.td == NULL)
        return "The quote is one of SGX, which has no event log.";
    for (int i = in->stripped ? DP_RTMR_RUNTIME : 0; i < DP_RTMR_COUNT; i++) {
        if (memcmp(in->rtmr[i], in->quote.td->rtmr[i], DP_RTMR_LEN) != 0)
            return faults[i];
    }
    if (dp_config_id_judge(in->quote.td->mr_config_id, &in->facts) == DP_CONFIG_DIFFERS)
        return "mr_config_id of the quote says another compose hash, app or key provider.";
    return NULL;
}

static int answer(const struct client *client, const struct input *in, const char *fault)
{
    struct json_object *out = new_object();

    dp_json_add_bool(out, "valid", fault == NULL);
    dp_json_add(out, "error", fault != NULL ? json_object_new_string(fault) : NULL);
    dp_json_add_int(out, "events", (int64_t)in->log.len);
    add_registers(out, in);
    add_facts(out, &in->facts);
    dp_json_add_text(out, "quote",
                     !in->has_quote  ? "not compared"
                     : fault != NULL ? "differs"
                                     : "agrees");
    if (in->has_quote && in->quote.td != NULL) {
        add_config_id(out, in);
        add_measures(out, in);
    }
    client_print(client, out);
    if (fault != NULL && !client->json)
        client_fail(client, EXIT_FAILURE, "%s", fault);
    return fault == NULL ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* A log that does not hold has no registers to show. */
static int refuse(const struct client *client, const char *fault)
{
    struct json_object *out;

    if (!client->json)
        return client_fail(client, EXIT_FAILURE, "%s", fault);
    out = new_object();
    dp_json_add_bool(out, "valid", false);
    dp_json_add_text(out, "error", fault);
    client_print(client, out);
    return EXIT_FAILURE;
}

static enum dp_err take_quote(struct input *in, const char *text, size_t len,
                              struct dp_detail *detail)
{
    enum dp_err err = dp_quote_bytes(&in->quote_bytes, text, len);

    if (err != DP_OK)
        return dp_fail(detail, err, "quote", "The quote is neither bytes nor hex.");
    in->has_quote = true;
    return dp_quote_parse(&in->quote, (const uint8_t *)in->quote_bytes.data, in->quote_bytes.len,
                          detail);
}

/* The quote that stands beside the log in an answer of GetQuote. */
static enum dp_err take_inner_quote(struct input *in, const struct dp_buf *text,
                                    struct dp_detail *detail)
{
    struct json_object *object;
    struct dp_slice quote;
    enum dp_err err;

    /* An array has none, and has been read already. */
    if (dp_json_parse(&object, text->data, text->len, NULL) != DP_OK)
        return DP_OK;
    err = dp_json_optional_string(&quote, object, "quote", detail);
    if (err == DP_OK && quote.data != NULL && quote.len > 0)
        err = take_quote(in, quote.data, quote.len, detail);
    json_object_put(object);
    return err;
}

static enum dp_err take_log(struct input *in, const struct dp_buf *text, struct dp_detail *detail)
{
    enum dp_err err =
        dp_eventlog_read(&in->log, text->data != NULL ? text->data : "", text->len, detail);

    if (err == DP_OK)
        err = dp_event_facts(&in->facts, &in->log, detail);
    if (err != DP_OK)
        return err;
    dp_eventlog_replay(in->rtmr, &in->log, NULL);
    dp_eventlog_replay(in->boot, &in->log, "boot-mr-done");
    return in->has_quote ? DP_OK : take_inner_quote(in, text, detail);
}

static int replay(const struct client *client, struct input *in, const char *path,
                  const char *quote_path)
{
    struct dp_buf text = DP_BUF_INIT(DP_EVENTLOG_LEN_MAX);
    struct dp_buf quote_text = DP_BUF_INIT(QUOTE_FILE_MAX);
    struct dp_detail detail = {"", ""};
    enum dp_err err = DP_OK;
    int code = EXIT_USAGE;

    if (!client_read_file(client, &text, path) ||
        (quote_path != NULL && !client_read_file(client, &quote_text, quote_path)))
        goto out;
    if (quote_path != NULL)
        err =
            take_quote(in, quote_text.data != NULL ? quote_text.data : "", quote_text.len, &detail);
    if (err == DP_OK)
        err = take_log(in, &text, &detail);
    if (err != DP_OK)
        code = refuse(client, detail.text[0] != '\0' ? detail.text : dp_err_text(err));
    else
        code = answer(client, in, compare(in));
out:
    dp_buf_free(&text);
    dp_buf_free(&quote_text);
    return code;
}

int command_eventlog(int argc, char **argv)
{
    static const struct option table[] = {
        {"quote", required_argument, NULL, 'q'}, {"stripped", no_argument, NULL, 's'},
        {"rtmr3", required_argument, NULL, 'r'}, {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},        {NULL, 0, NULL, 0}};
    struct input in = {.quote_bytes = DP_BUF_INIT(DP_QUOTE_MAX)};
    const char *quote_path = NULL, *rtmr3 = NULL;
    struct client client;
    int option, code = -1;

    client_init(&client, "eventlog", help);
    while (code < 0 && (option = getopt_long(argc, argv, "", table, NULL)) != -1) {
        if (option == 'q')
            quote_path = optarg;
        else if (option == 's')
            in.stripped = true;
        else if (option == 'r')
            rtmr3 = optarg;
        else
            code = client_option(&client, option, optarg);
    }
    if (code >= 0)
        return code;
    if (argc - optind != 2 || strcmp(argv[optind], "replay") != 0)
        return client_fail(&client, EXIT_USAGE, "try devproof eventlog --help.");
    in.has_rtmr3 = rtmr3 != NULL;
    if (in.has_rtmr3 && dp_hex_decode_exact(in.rtmr3, DP_RTMR_LEN, rtmr3) != DP_OK)
        return client_fail(&client, EXIT_USAGE, "--rtmr3 takes 48 bytes of hex.");
    code = replay(&client, &in, argv[optind + 1], quote_path);
    dp_eventlog_free(&in.log);
    dp_buf_free(&in.quote_bytes);
    return code;
}
