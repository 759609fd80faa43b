/* libpq.h - libpq, loaded only where DATABASE_URL asks for it. */
/*
 * It brings along some twenty libraries, which would cost each program 0.6 MB of memory and some
 * milliseconds at its start, on SQLite too. Its functions are called by their own names.
 */
#ifndef DP_STORE_LIBPQ_H
#define DP_STORE_LIBPQ_H

#include <libpq-fe.h>

#include "base/err.h"

/* clang-format off */
#define DP_LIBPQ(X) \
    X(PQclear) X(PQcmdStatus) X(PQcmdTuples) X(PQconnectdbParams) \
    X(PQconninfo) X(PQconninfoFree) X(PQconninfoParse) X(PQconsumeInput) \
    X(PQenterPipelineMode) X(PQerrorMessage) X(PQexitPipelineMode) X(PQfinish) \
    X(PQflush) X(PQftype) X(PQgetResult) X(PQgetisnull) \
    X(PQgetlength) X(PQgetvalue) X(PQisBusy) X(PQntuples) \
    X(PQpipelineSync) X(PQresultErrorField) X(PQresultStatus) X(PQsendPrepare) \
    X(PQsendQuery) X(PQsendQueryPrepared) X(PQsetNoticeReceiver) X(PQsetnonblocking) \
    X(PQsocket) X(PQstatus) X(PQtransactionStatus)
/* clang-format on */

#define DP_LIBPQ_MEMBER(name) __typeof__(&name) call_##name;
extern struct dp_libpq {
    DP_LIBPQ(DP_LIBPQ_MEMBER)
} dp_libpq;

/**
 * Load it, once; to be called before the sandbox and before the first of its functions.
 *
 * Returns: DP_OK, DP_ECONFIG (it is not installed; detail says how to)
 */
DP_MUST_CHECK
enum dp_err dp_libpq_load(struct dp_detail *detail);

#define PQclear dp_libpq.call_PQclear
#define PQcmdStatus dp_libpq.call_PQcmdStatus
#define PQcmdTuples dp_libpq.call_PQcmdTuples
#define PQconnectdbParams dp_libpq.call_PQconnectdbParams
#define PQconninfo dp_libpq.call_PQconninfo
#define PQconninfoFree dp_libpq.call_PQconninfoFree
#define PQconninfoParse dp_libpq.call_PQconninfoParse
#define PQconsumeInput dp_libpq.call_PQconsumeInput
#define PQenterPipelineMode dp_libpq.call_PQenterPipelineMode
#define PQerrorMessage dp_libpq.call_PQerrorMessage
#define PQexitPipelineMode dp_libpq.call_PQexitPipelineMode
#define PQfinish dp_libpq.call_PQfinish
#define PQflush dp_libpq.call_PQflush
#define PQftype dp_libpq.call_PQftype
#define PQgetResult dp_libpq.call_PQgetResult
#define PQgetisnull dp_libpq.call_PQgetisnull
#define PQgetlength dp_libpq.call_PQgetlength
#define PQgetvalue dp_libpq.call_PQgetvalue
#define PQisBusy dp_libpq.call_PQisBusy
#define PQntuples dp_libpq.call_PQntuples
#define PQpipelineSync dp_libpq.call_PQpipelineSync
#define PQresultErrorField dp_libpq.call_PQresultErrorField
#define PQresultStatus dp_libpq.call_PQresultStatus
#define PQsendPrepare dp_libpq.call_PQsendPrepare
#define PQsendQuery dp_libpq.call_PQsendQuery
#define PQsendQueryPrepared dp_libpq.call_PQsendQueryPrepared
#define PQsetNoticeReceiver dp_libpq.call_PQsetNoticeReceiver
#define PQsetnonblocking dp_libpq.call_PQsetnonblocking
#define PQsocket dp_libpq.call_PQsocket
#define PQstatus dp_libpq.call_PQstatus
#define PQtransactionStatus dp_libpq.call_PQtransactionStatus

#endif
