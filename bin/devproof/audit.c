/* audit.c - devproof audit: can the people who run a service cheat its users? */
#include "devproof/audit_chain.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attest/collateral.h"
#include "devproof/collateral.h"
#include "devproof/command.h"
#include "devproof/reference.h"
#include "net/http.h"
#include "verdict/report_diff.h"
#include "verdict/stages.h"

#define ROOT_MAX (64u << 10)
#define NOTICE_MAX 3153600000u /* seconds: a hundred years */

static const char help[] =
    "Usage: devproof audit URL [OPTION...]\n"
    "       devproof audit --from DIR [OPTION...]\n"
    "       devproof audit show REPORT [--html FILE] [--json]\n"
    "       devproof audit diff REPORT REPORT [--json]\n\n"
    "Asks the service at URL for its evidence, over a nonce of its own and the TLS key of the\n"
    "connection, and judges it. Each claim passes, fails, or is not checked, which is said with "
    "its\n"
    "reason. The stage of ERC-733 follows from the claims. --from judges evidence that was kept, "
    "as\n"
    "of the time when it was made. show prints a report that was kept as JSON; diff compares two.\n"
    "Exit code 0 only if every required claim holds, and for diff, if nothing changed.\n\n"
    "  --archive DIR           keep the evidence in a new folder, for --from\n"
    "  --user USERID           look at the key of this user, too\n"
    "  --kms-root KEY|ADDRESS  the KMS root that users' keys must hang on\n"
    "  --kms-id HEX            the key of the KMS's CA (SubjectPublicKeyInfo), as in key-provider\n"
    "  --rpc URL               a node of the chain; several, of people who do not know each other\n"
    "                          (RPC_URL)\n"
    "  --appauth ADDRESS       the contract, where it is not at the app id\n"
    "  --block TAG             finalized (the default), safe or latest\n"
    "  --min-notice SECONDS    of a change of code (604800: 7 days)\n"
    "  --image sha256:DIGEST   of the image as one built it: see devproof rebuild\n"
    "  --os-reference FILE     mrtd and rtmr0 to rtmr2 of the OS image, as dstack-mr prints them\n"
    "  --collateral FILE       what Intel says of the platform, or\n"
    "  --cache DIR, --pccs URL as for devproof quote verify\n"
    "  --root FILE             trust this certificate, DER or PEM, and not Intel's root\n"
    "  --rules FILE            judge the stage by these rules\n"
    "  --html FILE             write the report as a page, too\n"
    "  --json                  print the report, or the changes, as JSON\n"
    "  --help\n";

struct options {
    struct client client;
    const char *url, *from;                                        /* the one or the other */
    const char *archive, *user, *root, *rules, *html, *image, *os; /* NULL where not given */
    struct collateral_source collateral;
    struct key_rules keys;
    struct chain chain;
};

/* Judge the stage by the rules that were named, or ours. Returns: -1, or an exit code */
static int judge_stage(const struct options *o, struct dp_claims *claims)
{
    const char *text = dp_stages_erc733[0];
    struct dp_buf file = DP_BUF_INIT(DP_STAGES_MAX);
    struct dp_detail detail = {"", ""};
    struct dp_stages *stages;
    int code = -1;

    if (o->rules != NULL && !client_read_file(&o->client, &file, o->rules))
        code = EXIT_USAGE;
    if (code < 0 && o->rules != NULL)
        text = file.data != NULL ? file.data : "";
    if (code < 0 &&
        dp_stages_read(&stages, text, o->rules != NULL ? file.len : strlen(text), &detail) != DP_OK)
        code = client_fail(&o->client, EXIT_USAGE, "the rules: %s", detail.text);
    if (code < 0) {
        dp_stages_judge(stages, claims);
        dp_stages_free(stages);
    }
    dp_buf_free(&file);
    return code;
}

/* Returns: -1, or an exit code after complaining */
static int read_root(const struct options *o, struct evidence *evidence, struct dp_buf *root)
{
    evidence->hardware.root = dp_intel_root();
    if (o->root == NULL)
        return -1;
    if (!client_read_file(&o->client, root, o->root))
        return EXIT_USAGE;
    evidence->hardware.root = (struct dp_slice){root->data, root->len};
    evidence->hardware.own_root = true;
    return -1;
}

static int judge(struct options *o, const struct evidence *evidence, struct json_object *reference)
{
    struct dp_claims *claims = dp_claims_new(evidence->url, evidence->at_ms);
    struct facts facts;
    int code;

    audit_hardware(claims, &evidence->hardware, &facts);
    audit_live(claims, evidence);
    audit_keys(claims, &o->keys, &facts, evidence->keys);
    audit_chain(claims, &o->chain, &facts);
    audit_build(claims, &evidence->hardware, o->image, reference);
    audit_powers(claims, &evidence->hardware);
    dp_claims_attach_appauth(claims, chain_document(&o->chain));
    code = judge_stage(o, claims);
    if (code < 0)
        code = audit_print(&o->client, claims, o->html);
    dp_claims_free(claims);
    return code;
}

/* What cannot be had is a claim that was not checked, no reason to stop. */
static int get_collateral(const struct options *o, struct evidence *evidence)
{
    struct dp_detail detail = {"", ""};
    int code;

    if (!collateral_is_named(&o->collateral))
        return -1;
    code = collateral_get(&o->client, &evidence->files[EVIDENCE_COLLATERAL], &o->collateral,
                          evidence->hardware.quote, evidence->hardware.root, false, &detail);
    if (code == EXIT_USAGE)
        return code;
    if (code == EXIT_FAILURE)
        client_fail(&o->client, code, "collateral: %s", detail.text);
    evidence_take_collateral(evidence);
    return -1;
}

static int get_chain(struct options *o, struct evidence *evidence)
{
    char note[AUDIT_NOTE_SIZE];
    struct facts facts;

    if (o->from != NULL)
        return chain_replay(&o->chain, &evidence->files[EVIDENCE_CHAIN], &evidence->hardware);
    audit_learn(&facts, note, &evidence->hardware);
    chain_ask(&o->chain, &evidence->files[EVIDENCE_CHAIN], &facts, &evidence->hardware);
    return -1;
}

static int gather(struct options *o, struct evidence *evidence, struct dp_buf *root)
{
    int code = o->from != NULL ? evidence_read(&o->client, evidence, o->from)
                               : evidence_ask(&o->client, evidence, o->url, o->user);

    if (code < 0)
        code = read_root(o, evidence, root);
    if (code < 0 && o->from == NULL)
        code = get_collateral(o, evidence);
    if (code < 0)
        code = get_chain(o, evidence);
    if (code < 0 && o->archive != NULL)
        code = evidence_write(&o->client, evidence, o->archive);
    return code;
}

static int audit(struct options *o)
{
    struct dp_buf root = DP_BUF_INIT(ROOT_MAX);
    struct json_object *reference = NULL;
    struct evidence evidence;
    int code;

    evidence_init(&evidence);
    code = gather(o, &evidence, &root);
    if (code < 0)
        code = reference_read(&o->client, &reference, o->os);
    if (code < 0)
        code = judge(o, &evidence, reference);
    json_object_put(reference);
    evidence_free(&evidence);
    dp_buf_free(&root);
    return code;
}

/* --- reports that were kept --- */

static int read_report(const struct options *o, struct dp_claims **out, const char *path)
{
    struct dp_buf text = DP_BUF_INIT(DP_REPORT_MAX);
    struct dp_detail detail = {"", ""};
    int code = -1;

    if (!client_read_file(&o->client, &text, path))
        code = EXIT_USAGE;
    else if (dp_claims_read(out, text.data != NULL ? text.data : "", text.len, &detail) != DP_OK)
        code = client_fail(&o->client, EXIT_USAGE, "%s: %s", path, detail.text);
    else
        code = judge_stage(o, *out);
    dp_buf_free(&text);
    return code;
}

static int show(const struct options *o, const char *path)
{
    struct dp_claims *claims = NULL;
    int code = read_report(o, &claims, path);

    if (code < 0)
        code = audit_print(&o->client, claims, o->html);
    dp_claims_free(claims);
    return code;
}

static int diff(const struct options *o, const char *before, const char *after)
{
    struct dp_claims *a = NULL, *b = NULL;
    int code = read_report(o, &a, before);

    if (code < 0)
        code = read_report(o, &b, after);
    if (code < 0)
        code = audit_print_changes(&o->client, dp_report_diff(a, b));
    dp_claims_free(a);
    dp_claims_free(b);
    return code;
}

/* Where an option's text goes; NULL for one that is more than a text. */
static const char **text_option(struct options *o, int option)
{
    switch (option) {
    case 'f':
        return &o->from;
    case 'a':
        return &o->archive;
    case 'i':
        return &o->image;
    case 'o':
        return &o->os;
    case 'w':
        return &o->user;
    case 'c':
        return &o->collateral.file;
    case 'd':
        return &o->collateral.cache;
    case 'p':
        return &o->collateral.pccs;
    case 'r':
        return &o->root;
    case 'R':
        return &o->rules;
    case 'H':
        return &o->html;
    case 'K':
        return &o->keys.kms_id;
    default:
        return NULL;
    }
}

static int read_notice(struct options *o, const char *text)
{
    char *end;
    unsigned long long value = strtoull(text, &end, 10);

    if (text[0] < '0' || text[0] > '9' || *end != '\0' || value > NOTICE_MAX)
        return client_fail(&o->client, EXIT_USAGE, "--min-notice: seconds, up to %u.", NOTICE_MAX);
    o->chain.notice_min = value;
    return -1;
}

static int read_address(struct options *o, const char *text)
{
    if (dp_address_parse(o->chain.appauth.address, text) != DP_OK)
        return client_fail(&o->client, EXIT_USAGE, "--appauth: %s is no address.", text);
    o->chain.has_address = true;
    return -1;
}

/* Returns: -1 go on, else an exit code */
static int take_option(struct options *o, int option, const char *value)
{
    const char **text = text_option(o, option);

    if (text != NULL) {
        *text = value;
        return -1;
    }
    switch (option) {
    case 'e':
        return appauth_add_node(&o->chain.appauth, value);
    case 'A':
        return read_address(o, value);
    case 'b':
        return appauth_take_tag(&o->chain.appauth, value)
                   ? -1
                   : client_fail(&o->client, EXIT_USAGE, "--block: finalized, safe or latest.");
    case 'n':
        return read_notice(o, value);
    case 'k':
        if (chain_expect_root(&o->keys.chain, value))
            return -1;
        return client_fail(&o->client, EXIT_USAGE,
                           "--kms-root takes a public key or an address, not %s.", value);
    default:
        return client_option(&o->client, option, value);
    }
}

/* Nodes are asked now, or heard from what was kept. Returns: -1 go on, else an exit code */
static int check_nodes(struct options *o)
{
    const char *url = getenv("RPC_URL");

    if (o->from == NULL)
        return o->chain.appauth.nodes.count == 0 && url != NULL
                   ? appauth_add_node(&o->chain.appauth, url)
                   : -1;
    return o->chain.appauth.nodes.count == 0
               ? -1
               : client_fail(&o->client, EXIT_USAGE, "--from judges what was kept: without --rpc.");
}

/* Returns: -1 go on, else an exit code */
static int read_options(struct options *o, int argc, char **argv)
{
    static const struct option table[] = {{"from", required_argument, NULL, 'f'},
                                          {"archive", required_argument, NULL, 'a'},
                                          {"user", required_argument, NULL, 'w'},
                                          {"image", required_argument, NULL, 'i'},
                                          {"os-reference", required_argument, NULL, 'o'},
                                          {"collateral", required_argument, NULL, 'c'},
                                          {"cache", required_argument, NULL, 'd'},
                                          {"pccs", required_argument, NULL, 'p'},
                                          {"rpc", required_argument, NULL, 'e'},
                                          {"appauth", required_argument, NULL, 'A'},
                                          {"block", required_argument, NULL, 'b'},
                                          {"min-notice", required_argument, NULL, 'n'},
                                          {"root", required_argument, NULL, 'r'},
                                          {"rules", required_argument, NULL, 'R'},
                                          {"html", required_argument, NULL, 'H'},
                                          {"kms-root", required_argument, NULL, 'k'},
                                          {"kms-id", required_argument, NULL, 'K'},
                                          {"json", no_argument, NULL, 'j'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    int option, code = -1;

    while (code < 0 && (option = getopt_long(argc, argv, "", table, NULL)) != -1)
        code = take_option(o, option, optarg);
    return code < 0 ? check_nodes(o) : code;
}

static int run(struct options *o, char **words, int count)
{
    if (count == 0 && o->from != NULL && o->archive == NULL)
        return audit(o);
    if (count == 2 && o->from == NULL && strcmp(words[0], "show") == 0)
        return show(o, words[1]);
    if (count == 3 && o->from == NULL && strcmp(words[0], "diff") == 0)
        return diff(o, words[1], words[2]);
    if (count == 1 && o->from == NULL && dp_http_is_url(words[0])) {
        o->url = words[0];
        return audit(o);
    }
    return client_fail(&o->client, EXIT_USAGE, "try devproof audit --help.");
}

int command_audit(int argc, char **argv)
{
    struct options o = {0};
    int code;

    client_init(&o.client, "audit", help);
    chain_init(&o.chain, &o.client);
    code = dp_secp_init() == DP_OK
               ? read_options(&o, argc, argv)
               : client_fail(&o.client, EXIT_FAILURE, "libsecp256k1 does not work.");
    if (code < 0)
        code = run(&o, argv + optind, argc - optind);
    chain_free(&o.chain);
    return code;
}
