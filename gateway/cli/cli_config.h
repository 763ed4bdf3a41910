/* What commands need of the configuration and of answers. */
#ifndef GATEWAY_CLI_CONFIG_H
#define GATEWAY_CLI_CONFIG_H

#include "base/arena.h"
#include "gateway/cli/cli.h"
#include "gateway/config/config.h"

/* The configuration of -c; mistakes go to standard error. NULL: it cannot be
 * used at all. */
struct config *cli_config(const struct cli *c);
/* The same without a word about user files. */
struct config *cli_config_quiet(const struct cli *c);
/* The user of that login, or NULL with a complaint. */
struct user_conf *cli_user(struct config *conf, const char *login);

/* The phone's password: from --password-file, or typed where there is a
 * terminal to ask at (prompt; NULL: do not). True with "" if there is none;
 * false with a complaint if the file cannot be read. Wiped by the caller. */
bool cli_password(const struct cli *c, const char *prompt, char *out,
		  size_t size);

/* Cells of a table, row by row; printed with columns as wide as needed. */
struct cli_table {
	struct arena *a;
	size_t columns, n, room;
	const char **cell;
};
void cli_cell(struct cli_table *t, const char *text);
void cli_print(const struct cli_table *t);
/* Seconds since 1970 as people of this machine write it; "never" for 0. */
const char *cli_time(struct arena *a, int64_t when);

#endif
