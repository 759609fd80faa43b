/* test_postgres.c - the store while its PostgreSQL is restarted, killed, stopped or cut off. */
#include "database.h"

int main(int argc, char **argv)
{
    (void)argc;
    database_main(argv);
    return 0;
}
