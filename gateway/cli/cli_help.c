/* What people read: usage, one command, all commands. */
#include "gateway/cli/cli_private.h"

#include <string.h>

#define WIDTH 80
#define COLUMN 35 /* where the table's right column begins */

static bool
begins(const struct cli_command *cmd, const char *word)
{
	size_t n = strlen(word);

	return strncmp(cmd->words, word, n) == 0 &&
	       (cmd->words[n] == ' ' || cmd->words[n] == '\0');
}

void
cli_print_usage(const struct cli_command *cmd, FILE *to)
{
	size_t i;

	fprintf(to, "usage: easbridge %s", cmd->words);
	for (i = 0; cli_options[i].name != NULL; i++)
		if (cmd->options & cli_options[i].bit)
			fprintf(to, " [%s%s%s]", cli_options[i].name,
				cli_options[i].value ? " " : "",
				cli_options[i].value ? cli_options[i].value
						     : "");
	fprintf(to, "%s%s\n", cmd->args[0] ? " " : "", cmd->args);
}

void
cli_print_command(const struct cli_command *cmd)
{
	size_t i;

	cli_print_usage(cmd, stdout);
	printf("\n%s\n\n%s\n", cmd->about, cmd->help);
	for (i = 0; cli_options[i].name != NULL; i++)
		if (cmd->options & cli_options[i].bit)
			printf("  %s %s\n      %s\n", cli_options[i].name,
			       cli_options[i].value ? cli_options[i].value : "",
			       cli_options[i].help);
}

/* In the order in which one comes to need them; by a command's first word. A
 * command that is in no group is listed at the end. */
static const struct {
	const char *title, *words;
} groups[] = {
	{ "First steps", " setup check profile " },
	{ "Phones", " devices device password " },
	{ "The running easbridge", " status health users reload source " },
	{ "When something is wrong", " check-config verify resync state trace "
				  "duplicates unlink relink " },
	{ "Sign-ins and secrets", " oauth secret " },
	{ "Reference", " help help-config providers version " },
	{ "For the system", " serve completion help-manual help-providers " },
};
#define N_GROUPS (sizeof(groups) / sizeof(groups[0]))

static size_t
group_of(const struct cli_command *cmd)
{
	char word[64];
	size_t i;

	snprintf(word, sizeof(word), " %.*s ", (int)strcspn(cmd->words, " "),
		 cmd->words);
	for (i = 0; i < N_GROUPS; i++)
		if (strstr(groups[i].words, word) != NULL)
			break;
	return i;
}

/* Words of the right column; the first line is where `at` says already. */
static void
print_wrapped(const char *text, size_t at, FILE *to)
{
	while (*text != '\0') {
		size_t n = strcspn(text, " ");

		if (at > COLUMN && at + 1 + n > WIDTH) {
			fprintf(to, "\n%*s", COLUMN, "");
			at = COLUMN;
		} else if (at > COLUMN) {
			fputc(' ', to);
			at++;
		}
		fprintf(to, "%.*s", (int)n, text);
		at += n;
		text += n + strspn(text + n, " ");
	}
	fputc('\n', to);
}

/* What is too long for the left column has its line to itself. */
static void
print_row(const struct cli_command *cmd, FILE *to)
{
	int n = fprintf(to, "  %s%s%s", cmd->words, cmd->args[0] ? " " : "",
			cmd->args);

	if (n + 2 > COLUMN)
		fprintf(to, "\n%*s", COLUMN, "");
	else
		fprintf(to, "%*s", COLUMN - n, "");
	print_wrapped(cmd->about, COLUMN, to);
}

static void
print_group(size_t group, FILE *to)
{
	const struct cli_command *cmd;
	bool any = false;

	for (cmd = cli_commands; cmd->words != NULL; cmd++) {
		if (group_of(cmd) != group)
			continue;
		if (!any)
			fprintf(to, "%s\n",
				group < N_GROUPS ? groups[group].title
						 : "More");
		any = true;
		print_row(cmd, to);
	}
	if (any)
		fputc('\n', to);
}

void
cli_print_all(FILE *to)
{
	size_t i;

	fputs("Phones add an account of type Exchange; easbridge speaks to "
	      "them, and to the\nservers where mail, contacts and calendars "
	      "live.\n\nusage: easbridge COMMAND [OPTION]... "
	      "[ARGUMENT]...\n\n",
	      to);
	for (i = 0; i <= N_GROUPS; i++)
		print_group(i, to);
	fputs("A new user, from nothing to a phone:\n"
	      "  easbridge setup alice@example.org --keep-password\n"
	      "  easbridge check alice@example.org\n"
	      "  easbridge password add alice@example.org \"Alice's phone\"\n"
	      "then on the phone: add account, Exchange, that address and that "
	      "password.\n\n"
	      "\"easbridge help COMMAND\" explains one, with examples. "
	      "Commands with --json\nanswer programs. Exit codes: 0 done, 1 "
	      "failed, 2 wrong command line or\nconfiguration, 3 easbridge "
	      "is not running.\n",
	      to);
}

int
cli_no_such(int argc, char **argv)
{
	const struct cli_command *cmd;
	bool group = false;

	for (cmd = cli_commands; argc > 0 && cmd->words != NULL; cmd++)
		group = group || begins(cmd, argv[0]);
	if (argc == 0)
		fputs("easbridge: which command?\n\n", stderr);
	else if (group)
		cli_fail(CLI_USAGE, "\"%s\" wants one more word:\n", argv[0]);
	else
		cli_fail(CLI_USAGE,
			 "there is no command \"%s\"; these are "
			 "known:\n",
			 argv[0]);
	for (cmd = cli_commands; group && cmd->words != NULL; cmd++)
		if (begins(cmd, argv[0]))
			cli_print_usage(cmd, stderr);
	if (!group)
		cli_print_all(stderr);
	return CLI_USAGE;
}

int
cli_help(const struct cli *c)
{
	const struct cli_command *cmd;
	bool found = false;
	int n;

	if (c->argc == 0) {
		cli_print_all(stdout);
		return CLI_OK;
	}
	cmd = cli_find(c->argc, c->argv, &n);
	if (cmd != NULL) {
		cli_print_command(cmd);
		return CLI_OK;
	}
	for (cmd = cli_commands; cmd->words != NULL; cmd++)
		if (begins(cmd, c->argv[0]) && c->argc == 1) {
			cli_print_command(cmd);
			putchar('\n');
			found = true;
		}
	return found ? CLI_OK : cli_no_such(c->argc, c->argv);
}
