/* What parsing, help, completion and the manual page share. */
#ifndef GATEWAY_CLI_PRIVATE_H
#define GATEWAY_CLI_PRIVATE_H

#include <stdio.h>

#include "gateway/cli/cli.h"

#define DEFAULT_FILE "/etc/easbridge/easbridge.conf"

struct cli_option_row {
	enum cli_option bit;
	const char *name, *value, *help; /* value NULL: it takes none */
};

/* Ended by a row without name. */
extern const struct cli_option_row cli_options[];

/* The command of these words, or NULL; how many words its name took. */
const struct cli_command *cli_find(int argc, char **argv, int *n_out);

/* cli_help.c */
void cli_print_usage(const struct cli_command *cmd, FILE *to);
void cli_print_command(const struct cli_command *cmd);
void cli_print_all(FILE *to);
/* The complaint about words that are no command; CLI_USAGE. */
int cli_no_such(int argc, char **argv);

#endif
