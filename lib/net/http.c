/* http.c - an HTTP(S) client on libcurl. */
#include "net/http.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>
#include <openssl/crypto.h>

#define HEADER_MAX 512

static size_t take(char *data, size_t size, size_t count, void *arg)
{
    struct dp_buf *body = arg;

    dp_buf_add(body, data, size * count);
    return body->err == DP_OK ? size * count : 0;
}

static bool add_header(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);

    if (longer != NULL)
        *list = longer;
    return longer != NULL;
}

static enum dp_err add_field(struct curl_slist **list, const char *name, const char *scheme,
                             const char *value)
{
    char line[HEADER_MAX];
    enum dp_err err = DP_EINVAL;

    if (snprintf(line, sizeof(line), "%s: %s%s", name, scheme, value) < (int)sizeof(line))
        err = add_header(list, line) ? DP_OK : DP_ENOMEM;
    OPENSSL_cleanse(line, sizeof(line));
    return err;
}

static enum dp_err make_headers(struct curl_slist **list, const struct dp_http_request *request)
{
    const struct dp_http_field *field = request->fields;
    enum dp_err err = DP_OK;

    if (request->json != NULL)
        err = add_field(list, "Content-Type", "", "application/json");
    if (err == DP_OK && request->token != NULL)
        err = add_field(list, "Authorization", "Bearer ", request->token);
    for (; err == DP_OK && field != NULL && field->name != NULL; field++)
        err = add_field(list, field->name, "", field->value);
    return err;
}

/* They may hold a token. */
static void free_headers(struct curl_slist *list)
{
    for (struct curl_slist *line = list; line != NULL; line = line->next)
        OPENSSL_cleanse(line->data, strlen(line->data));
    curl_slist_free_all(list);
}

static bool set_options(CURL *curl, const struct dp_http_request *request,
                        struct curl_slist *headers, struct dp_buf *body, char *message)
{
    return curl_easy_setopt(curl, CURLOPT_URL, request->url) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method) == CURLE_OK &&
           (request->json == NULL ||
            curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->json) == CURLE_OK) &&
           curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)request->within_ms) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           (!request->direct || curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK) &&
           curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, message) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEDATA, body) == CURLE_OK &&
           (request->headers == NULL ||
            (curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take) == CURLE_OK &&
             curl_easy_setopt(curl, CURLOPT_HEADERDATA, request->headers) == CURLE_OK));
}

/* Take whatever certificate the server has, and remember it. */
static bool set_certificates(CURL *curl)
{
    return curl_easy_setopt(curl, CURLOPT_CERTINFO, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L) == CURLE_OK;
}

static void take_certificates(CURL *curl, struct dp_buf *out)
{
    static const char name[] = "Cert:";
    struct curl_certinfo *info = NULL;

    if (curl_easy_getinfo(curl, CURLINFO_CERTINFO, &info) != CURLE_OK || info == NULL)
        return;
    for (int i = 0; i < info->num_of_certs; i++) {
        for (struct curl_slist *line = info->certinfo[i]; line != NULL; line = line->next) {
            if (strncmp(line->data, name, sizeof(name) - 1) == 0)
                dp_buf_add_text(out, line->data + sizeof(name) - 1);
        }
    }
}

static enum dp_err perform(CURL *curl, const struct dp_http_request *request, long *status,
                           const struct dp_buf *body, const char *message, struct dp_detail *detail)
{
    CURLcode code = curl_easy_perform(curl);

    if (code == CURLE_OK) {
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, status);
        if (request->certificates != NULL)
            take_certificates(curl, request->certificates);
        return request->certificates != NULL ? request->certificates->err : DP_OK;
    }
    if (body->err != DP_OK)
        return dp_fail(detail, body->err, NULL, "The answer is over %zu bytes.", body->limit);
    if (request->headers != NULL && request->headers->err != DP_OK)
        return dp_fail(detail, request->headers->err, NULL, "The answer's headers are too long.");
    return dp_fail(detail, code == CURLE_OPERATION_TIMEDOUT ? DP_ETIMEOUT : DP_EIO, NULL, "%s",
                   message[0] != '\0' ? message : curl_easy_strerror(code));
}

enum dp_err dp_http_send(const struct dp_http_request *request, long *status, struct dp_buf *body,
                         struct dp_detail *detail)
{
    char message[CURL_ERROR_SIZE] = "";
    struct curl_slist *headers = NULL;
    CURL *curl = curl_easy_init();
    enum dp_err err = DP_ENOMEM;

    *status = 0;
    if (curl == NULL)
        return DP_ENOMEM;
    assert(request->certificates == NULL || (request->token == NULL && request->fields == NULL));
    err = make_headers(&headers, request);
    if (err == DP_OK && request->certificates != NULL && !set_certificates(curl))
        err = DP_EINVAL;
    if (err == DP_OK && !set_options(curl, request, headers, body, message))
        err = DP_EINVAL;
    if (err == DP_OK)
        err = perform(curl, request, status, body, message, detail);
    free_headers(headers);
    curl_easy_cleanup(curl);
    return err;
}

static bool set_handshake(CURL *curl, const char *url, unsigned within_ms, char *message)
{
    return curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)within_ms) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, message) == CURLE_OK &&
           set_certificates(curl);
}

static enum dp_err handshake_error(CURLcode code)
{
    if (code == CURLE_OPERATION_TIMEDOUT)
        return DP_ETIMEOUT;
    return code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL ? DP_EINVAL : DP_EIO;
}

enum dp_err dp_http_handshake(const char *url, unsigned within_ms, struct dp_buf *certificates,
                              struct dp_detail *detail)
{
    char message[CURL_ERROR_SIZE] = "";
    CURL *curl = curl_easy_init();
    CURLcode code;
    enum dp_err err = DP_OK;

    if (curl == NULL)
        return DP_ENOMEM;
    code = set_handshake(curl, url, within_ms, message) ? curl_easy_perform(curl)
                                                        : CURLE_URL_MALFORMAT;
    if (code == CURLE_OK) {
        take_certificates(curl, certificates);
        err = certificates->err;
    } else {
        err = dp_fail(detail, handshake_error(code), NULL, "%s",
                      message[0] != '\0' ? message : curl_easy_strerror(code));
    }
    curl_easy_cleanup(curl);
    return err;
}

bool dp_http_is_url(const char *text)
{
    CURLU *url = curl_url();
    char *scheme = NULL;
    bool is = url != NULL && curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK &&
              curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
              (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);

    curl_free(scheme);
    curl_url_cleanup(url);
    return is;
}

bool dp_http_is_private(const char *text)
{
    static const char *const own[] = {"localhost", "127.0.0.1", "[::1]"};
    CURLU *url = curl_url();
    char *scheme = NULL, *host = NULL;
    bool is = false;

    if (url != NULL && curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK &&
        curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
        curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK) {
        is = strcmp(scheme, "https") == 0;
        for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
            is = is || (strcmp(scheme, "http") == 0 && strcmp(host, own[i]) == 0);
    }
    curl_free(host);
    curl_free(scheme);
    curl_url_cleanup(url);
    return is;
}

bool dp_http_header(struct dp_slice *out, const struct dp_buf *headers, const char *name)
{
    size_t name_len = strlen(name);
    const char *line = headers->data, *end;
    bool found = false;

    for (; line != NULL && *line != '\0'; line = *end != '\0' ? end + 1 : end) {
        end = line + strcspn(line, "\n");
        if ((size_t)(end - line) <= name_len || strncasecmp(line, name, name_len) != 0 ||
            line[name_len] != ':')
            continue;
        out->data = line + name_len + 1;
        out->data += strspn(out->data, " \t");
        out->len = out->data < end ? (size_t)(end - out->data) : 0;
        while (out->len > 0 && strchr(" \t\r", out->data[out->len - 1]) != NULL)
            out->len--;
        found = true;
    }
    return found;
}
