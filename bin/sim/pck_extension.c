/* pck_extension.c - what a PCK certificate says of its platform. */
#include "pck_extension.h"

#include <string.h>

#include <openssl/asn1.h>
#include <openssl/conf.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#define OID "1.2.840.113741.1.13.1"
#define ZERO_16 "00000000000000000000000000000000"

#define PAIR(name, oid, value) "[" name "]\noid=OID:" OID oid "\nvalue=" value "\n"

/* In the language of ASN1_generate_nconf(3). */
static const char text[] = "[sgx]\na=SEQUENCE:ppid\nb=SEQUENCE:tcb\nc=SEQUENCE:pceid\n"
                           "d=SEQUENCE:fmspc\ne=SEQUENCE:type\n" //
    PAIR("ppid", ".1", "FORMAT:HEX,OCTETSTRING:" ZERO_16)        //
    PAIR("tcb", ".2", "SEQUENCE:svns")                           //
    "[svns]\na=SEQUENCE:pcesvn\nb=SEQUENCE:cpusvn\n"             //
    PAIR("pcesvn", ".2.17", "INTEGER:0")                         //
    PAIR("cpusvn", ".2.18", "FORMAT:HEX,OCTETSTRING:" ZERO_16)   //
    PAIR("pceid", ".3", "FORMAT:HEX,OCTETSTRING:0000")           //
    PAIR("fmspc", ".4", "FORMAT:HEX,OCTETSTRING:000000000000")   //
    PAIR("type", ".5", "ENUMERATED:0");

static ASN1_TYPE *generate(void)
{
    BIO *bio = BIO_new_mem_buf(text, -1);
    CONF *conf = NCONF_new(NULL);
    ASN1_TYPE *out = NULL;

    if (bio != NULL && conf != NULL && NCONF_load_bio(conf, bio, NULL) == 1)
        out = ASN1_generate_nconf("SEQUENCE:sgx", conf);
    NCONF_free(conf);
    BIO_free(bio);
    return out;
}

X509_EXTENSION *sim_pck_extension(void)
{
    ASN1_OBJECT *oid = OBJ_txt2obj(OID, 1);
    ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
    ASN1_TYPE *sequence = generate();
    X509_EXTENSION *out = NULL;

    /* The value of a sequence is its whole encoding. */
    if (oid != NULL && octets != NULL && sequence != NULL &&
        ASN1_STRING_copy(octets, sequence->value.sequence) == 1) {
        octets->type = V_ASN1_OCTET_STRING;
        out = X509_EXTENSION_create_by_OBJ(NULL, oid, 0, octets);
    }
    ASN1_TYPE_free(sequence);
    ASN1_OCTET_STRING_free(octets);
    ASN1_OBJECT_free(oid);
    return out;
}
