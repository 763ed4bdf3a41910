/* The parts of the manual pages that tables know. */
#include "gateway/cli/cli_private.h"

#include <string.h>

#include "base/buf.h"
#include "gateway/config/config.h"

/* groff takes a leading dot or apostrophe and backslashes for its own. */
static void
print_groff(const char *text)
{
	bool start = true;

	for (; *text != '\0'; text++) {
		if (start && (*text == '.' || *text == '\''))
			fputs("\\&", stdout);
		if (*text == '\\')
			fputs("\\e", stdout);
		else if (*text == '-')
			fputs("\\-", stdout);
		else
			putchar(*text);
		start = *text == '\n';
	}
	putchar('\n');
}

static int
settings(void)
{
	struct buf b = BUF_INIT(1024 * 1024);

	config_manual(&b);
	fwrite(b.p, 1, b.n, stdout);
	buf_free(&b);
	return CLI_OK;
}

/* The part of easbridge(8) that the table knows. */
int
cli_manual(const struct cli *c)
{
	const struct cli_command *cmd;
	size_t i;

	if (c->argc > 0 && strcmp(c->argv[0], "5") == 0)
		return settings();
	if (c->argc > 0 && strcmp(c->argv[0], "8") != 0)
		return cli_fail(CLI_USAGE, "there are sections 5 and 8");
	puts(".SH COMMANDS");
	for (cmd = cli_commands; cmd->words != NULL; cmd++) {
		printf(".SS easbridge %s %s\n", cmd->words, cmd->args);
		print_groff(cmd->about);
		puts(".PP\n.nf");
		print_groff(cmd->help);
		puts(".fi");
	}
	puts(".SH OPTIONS\nEach command takes those that its help names.");
	for (i = 0; cli_options[i].name != NULL; i++) {
		puts(".TP");
		printf(".B %s%s %s\n",
		       cli_options[i].name[1] == '-' ? "\\-" : "",
		       cli_options[i].name[1] == '-' ? cli_options[i].name + 1
						     : cli_options[i].name,
		       cli_options[i].value ? cli_options[i].value : "");
		print_groff(cli_options[i].help);
	}
	return CLI_OK;
}
