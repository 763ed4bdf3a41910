/* From the command line to the command: words, options, help. */
#include "gateway/cli/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_FILE "/etc/easbridge/easbridge.conf"
#define MAX_ARGS 8

static int (*serve_fn)(const char *file);

int
cli_fail(int code, const char *fmt, ...)
{
	va_list ap;

	fputs("easbridge: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return code;
}

int
cli_serve(const struct cli *c)
{
	return serve_fn(c->file);
}

/* ---- words -----------------------------------------------------------------*/

/* How many words of argv the command's name takes; 0: it is not this one. */
static int
words_match(const char *words, int argc, char **argv)
{
	int n = 0;

	while (*words != '\0') {
		size_t len = strcspn(words, " ");

		if (n == argc || strlen(argv[n]) != len ||
		    strncmp(argv[n], words, len) != 0)
			return 0;
		words += len;
		words += *words == ' ';
		n++;
	}
	return n;
}

static const struct cli_command *
find(int argc, char **argv, int *n_out)
{
	const struct cli_command *cmd;

	for (cmd = cli_commands; cmd->words != NULL; cmd++) {
		*n_out = words_match(cmd->words, argc, argv);
		if (*n_out > 0)
			return cmd;
	}
	return NULL;
}

static bool
begins(const struct cli_command *cmd, const char *word)
{
	size_t n = strlen(word);

	return strncmp(cmd->words, word, n) == 0 &&
	       (cmd->words[n] == ' ' || cmd->words[n] == '\0');
}

/* ---- help ------------------------------------------------------------------*/

static const struct {
	enum cli_option bit;
	const char *name, *value, *help;
} options[] = {
	{ CLI_CONF, "-c", "FILE",
	  "the main configuration file, instead of " DEFAULT_FILE },
	{ CLI_JSON, "--json", NULL, "answer as one JSON value, for programs" },
	{ CLI_YES, "--yes", NULL, "do not ask whether that is meant" },
	{ CLI_UNMASKED, "--unmasked", NULL, "show private contents too" },
	{ CLI_PASSWORD, "--password-file", "FILE",
	  "the phone's password is the first line of FILE (- is standard "
	  "input)" },
	{ CLI_OUT, "--out", "FILE", "write there" },
	{ CLI_DNS, "--resolver", "FILE",
	  "answers to DNS questions from a file, for tries without a "
	  "network" },
	{ CLI_URL, "--url", "URL",
	  "where phones reach easbridge, instead of external-url" },
	{ CLI_KEEP, "--keep-password", NULL,
	  "keep the password of the mailbox in a file of its own, so that "
	  "phones get passwords of theirs" },
	{ CLI_CA, "--ca-file", "FILE",
	  "certificates to trust instead of the system's" },
	{ CLI_REPAIR, "--repair", NULL, "set right what differs" },
	{ CLI_NO_WAIT, "--no-wait", NULL,
	  "do not wait until the phone has everything" },
};
#define N_OPTIONS (sizeof(options) / sizeof(options[0]))

static void
print_usage(const struct cli_command *cmd, FILE *to)
{
	size_t i;

	fprintf(to, "usage: easbridge %s", cmd->words);
	for (i = 0; i < N_OPTIONS; i++)
		if (cmd->options & options[i].bit)
			fprintf(to, " [%s%s%s]", options[i].name,
				options[i].value ? " " : "",
				options[i].value ? options[i].value : "");
	fprintf(to, "%s%s\n", cmd->args[0] ? " " : "", cmd->args);
}

static void
print_command(const struct cli_command *cmd)
{
	size_t i;

	print_usage(cmd, stdout);
	printf("\n%s\n\n%s\n", cmd->about, cmd->help);
	for (i = 0; i < N_OPTIONS; i++)
		if (cmd->options & options[i].bit)
			printf("  %s %s\n      %s\n", options[i].name,
			       options[i].value ? options[i].value : "",
			       options[i].help);
}

static void
print_all(FILE *to)
{
	const struct cli_command *cmd;
	char left[80];

	for (cmd = cli_commands; cmd->words != NULL; cmd++) {
		snprintf(left, sizeof(left), "easbridge %s %s", cmd->words,
			 cmd->args);
		fprintf(to, "%-46s %s\n", left, cmd->about);
	}
	fputs("\n\"easbridge help COMMAND\" explains one, with examples.\n",
	      to);
}

static int
no_such(int argc, char **argv)
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
		cli_fail(CLI_USAGE, "there is no command \"%s\"; these are "
			 "known:\n", argv[0]);
	for (cmd = cli_commands; group && cmd->words != NULL; cmd++)
		if (begins(cmd, argv[0]))
			print_usage(cmd, stderr);
	if (!group)
		print_all(stderr);
	return CLI_USAGE;
}

int
cli_help(const struct cli *c)
{
	const struct cli_command *cmd;
	bool found = false;
	int n;

	if (c->argc == 0) {
		print_all(stdout);
		return CLI_OK;
	}
	cmd = find(c->argc, c->argv, &n);
	if (cmd != NULL) {
		print_command(cmd);
		return CLI_OK;
	}
	for (cmd = cli_commands; cmd->words != NULL; cmd++)
		if (begins(cmd, c->argv[0]) && c->argc == 1) {
			print_command(cmd);
			putchar('\n');
			found = true;
		}
	return found ? CLI_OK : no_such(c->argc, c->argv);
}

/* ---- options ---------------------------------------------------------------*/

static int misused(const struct cli_command *cmd, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static int
misused(const struct cli_command *cmd, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "easbridge %s: ", cmd->words);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	print_usage(cmd, stderr);
	fprintf(stderr, "\"easbridge help %s\" explains it.\n", cmd->words);
	return CLI_USAGE;
}

static void
take_option(struct cli *c, enum cli_option bit, const char *value)
{
	switch (bit) {
	case CLI_CONF:
		c->file = value;
		break;
	case CLI_JSON:
		c->json = true;
		break;
	case CLI_YES:
		c->yes = true;
		break;
	case CLI_UNMASKED:
		c->unmasked = true;
		break;
	case CLI_PASSWORD:
		c->password_file = value;
		break;
	case CLI_OUT:
		c->out = value;
		break;
	case CLI_DNS:
		c->resolver = value;
		break;
	case CLI_URL:
		c->url = value;
		break;
	case CLI_KEEP:
		c->keep = true;
		break;
	case CLI_CA:
		c->ca_file = value;
		break;
	case CLI_REPAIR:
		c->repair = true;
		break;
	case CLI_NO_WAIT:
		c->no_wait = true;
		break;
	}
}

static int
option_at(const struct cli_command *cmd, const char *arg)
{
	size_t i;

	for (i = 0; i < N_OPTIONS; i++)
		if ((cmd->options & options[i].bit) &&
		    strcmp(options[i].name, arg) == 0)
			return (int)i;
	return -1;
}

static int
run(struct cli *c, int argc, char **argv)
{
	char *args[MAX_ARGS + 1];
	bool plain = false;
	int i, at;

	c->argv = args;
	for (i = 0; i < argc; i++) {
		if (plain || argv[i][0] != '-' || argv[i][1] == '\0') {
			if (c->argc == c->cmd->max)
				return misused(c->cmd, "\"%s\" is one "
					       "argument too many", argv[i]);
			args[c->argc++] = argv[i];
			continue;
		}
		if (strcmp(argv[i], "--") == 0) {
			plain = true;
			continue;
		}
		if (strcmp(argv[i], "--help") == 0 ||
		    strcmp(argv[i], "-h") == 0) {
			print_command(c->cmd);
			return CLI_OK;
		}
		at = option_at(c->cmd, argv[i]);
		if (at < 0)
			return misused(c->cmd, "unknown option %s", argv[i]);
		if (options[at].value != NULL && ++i == argc)
			return misused(c->cmd, "%s wants a value behind it",
				       argv[i - 1]);
		take_option(c, options[at].bit, argv[i]);
	}
	if (c->argc < c->cmd->min)
		return misused(c->cmd, "it wants %s", c->cmd->args);
	return c->cmd->run(c);
}

int
cli_main(int argc, char **argv, int (*serve)(const char *file))
{
	struct cli c = { .file = DEFAULT_FILE };
	int n = 0;

	serve_fn = serve;
	argc--;
	argv++;
	if (argc > 0 && (strcmp(argv[0], "--help") == 0 ||
			 strcmp(argv[0], "-h") == 0)) {
		print_all(stdout);
		return CLI_OK;
	}
	c.cmd = find(argc, argv, &n);
	if (c.cmd == NULL)
		return no_such(argc, argv);
	return run(&c, argc - n, argv + n);
}

/* ---- for shells and readers ------------------------------------------------*/

int
cli_completion(const struct cli *c)
{
	const struct cli_command *cmd;
	size_t i;

	if (strcmp(c->argv[0], "bash") != 0)
		return cli_fail(CLI_USAGE, "only bash is known, not \"%s\"",
				c->argv[0]);
	puts("# easbridge completion bash > "
	     "/usr/share/bash-completion/completions/easbridge\n"
	     "_easbridge() {\n"
	     "\tlocal cur=${COMP_WORDS[COMP_CWORD]} line words=\n"
	     "\tlocal prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	     "\tcase $prev in\n"
	     "\t-c|--out|--password-file|--resolver|--ca-file)\n"
	     "\t\tCOMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n"
	     "\tesac\n"
	     "\tline=\"${COMP_WORDS[*]:1:COMP_CWORD-1}\"\n"
	     "\tcase $cur in\n"
	     "\t-*) case $line in");
	for (cmd = cli_commands; cmd->words != NULL; cmd++) {
		printf("\t\"%s\"*) words=\"--help", cmd->words);
		for (i = 0; i < N_OPTIONS; i++)
			if (cmd->options & options[i].bit)
				printf(" %s", options[i].name);
		puts("\" ;;");
	}
	puts("\tesac ;;\n\t*) case $line in\n\t\"\") words=\"");
	for (cmd = cli_commands; cmd->words != NULL; cmd++)
		printf("%.*s ", (int)strcspn(cmd->words, " "), cmd->words);
	puts("\" ;;");
	for (cmd = cli_commands; cmd->words != NULL; cmd++) {
		const char *second = strchr(cmd->words, ' ');

		if (second != NULL)
			printf("\t\"%.*s\") words=\"$words%s\" ;;&\n",
			       (int)(second - cmd->words), cmd->words,
			       second);
	}
	puts("\tesac ;;\n\tesac\n"
	     "\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
	     "}\n"
	     "complete -o default -F _easbridge easbridge");
	return CLI_OK;
}

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

/* The part of easbridge(8) that the table knows. */
int
cli_manual(const struct cli *c)
{
	const struct cli_command *cmd;
	size_t i;

	(void)c;
	puts(".SH COMMANDS");
	for (cmd = cli_commands; cmd->words != NULL; cmd++) {
		printf(".SS easbridge %s %s\n", cmd->words, cmd->args);
		print_groff(cmd->about);
		puts(".PP\n.nf");
		print_groff(cmd->help);
		puts(".fi");
	}
	puts(".SH OPTIONS\nEach command takes those that its help names.");
	for (i = 0; i < N_OPTIONS; i++) {
		puts(".TP");
		printf(".B %s%s %s\n",
		       options[i].name[1] == '-' ? "\\-" : "",
		       options[i].name[1] == '-' ? options[i].name + 1
						 : options[i].name,
		       options[i].value ? options[i].value : "");
		print_groff(options[i].help);
	}
	return CLI_OK;
}
