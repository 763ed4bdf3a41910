/* Questions to the running easbridge, and reading its answers. */
#ifndef GATEWAY_CLI_ASK_H
#define GATEWAY_CLI_ASK_H

#include <jansson.h>

#include "gateway/cli/cli.h"

/* Asks, with a complaint on failure; the question is used up. NULL: *rc is
 * the exit code. */
json_t *cli_ask(const struct cli *c, json_t *question, int *rc);
const char *cli_text(const json_t *o, const char *key); /* "" if absent */
json_int_t cli_number(const json_t *o, const char *key);
bool cli_flag(const json_t *o, const char *key);
int cli_print_json(json_t *o); /* CLI_OK */
/* A line that replaces itself on a terminal; NULL removes it. Nothing where
 * standard error is none, or with --json. */
void cli_progress(const struct cli *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* The same with a bar in front, at of `of`; of 0: not known yet. */
void cli_progress_bar(const struct cli *c, json_int_t at, json_int_t of,
		      const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
