/* command.h - the commands of devproof: each takes its own argv and returns an exit code. */
#ifndef DEVPROOF_COMMAND_H
#define DEVPROOF_COMMAND_H

#define EXIT_USAGE 2 /* wrong use, or a bad setting */

int command_appauth(int argc, char **argv);
int command_audit(int argc, char **argv);
int command_chain(int argc, char **argv);
int command_cluster(int argc, char **argv);
int command_compose(int argc, char **argv);
int command_contracts(int argc, char **argv);
int command_db(int argc, char **argv);
int command_eventlog(int argc, char **argv);
int command_health(int argc, char **argv);
int command_init(int argc, char **argv);
int command_keys(int argc, char **argv);
int command_lightclient(int argc, char **argv);
int command_log(int argc, char **argv);
int command_quote(int argc, char **argv);
int command_rebuild(int argc, char **argv);
int command_reload(int argc, char **argv);
int command_sign(int argc, char **argv);
int command_tls(int argc, char **argv);
int command_user(int argc, char **argv);
int command_verify(int argc, char **argv);

#endif
