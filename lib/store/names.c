/* names.c - what a user id, an email address and a token's name look like. */
#include "store/names.h"

#include <string.h>

static bool is_alnum(unsigned char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

bool dp_user_id_valid(const char *text, size_t len)
{
    if (len == 0 || len >= DP_USER_ID_SIZE || !is_alnum((unsigned char)text[0]))
        return false;
    for (size_t i = 1; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if (!is_alnum(c) && c != '.' && c != '_' && c != '-')
            return false;
    }
    return true;
}

bool dp_email_valid(const char *text, size_t len)
{
    const char *at = memchr(text, '@', len);

    if (len < 3 || len >= DP_EMAIL_SIZE || at == NULL || at == text || at == text + len - 1 ||
        memchr(at + 1, '@', len - (size_t)(at + 1 - text)) != NULL)
        return false;
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] <= ' ' || text[i] == 0x7f)
            return false;
    }
    return true;
}

/* Control characters are U+0000 to U+001F and U+007F to U+009F; these last are C2 80 to C2 9F. */
bool dp_token_name_valid(const char *text, size_t len)
{
    size_t characters = 0;

    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c < ' ' || c == 0x7f ||
            (c == 0xc2 && i + 1 < len && (unsigned char)text[i + 1] <= 0x9f))
            return false;
        characters += (c & 0xc0) != 0x80;
    }
    return characters >= 1 && characters <= DP_TOKEN_NAME_MAX;
}
