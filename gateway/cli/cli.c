/* From the command line to the command: words and options. */
#include "gateway/cli/cli_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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

const struct cli_command *
cli_find(int argc, char **argv, int *n_out)
{
	const struct cli_command *cmd;

	for (cmd = cli_commands; cmd->words != NULL; cmd++) {
		*n_out = words_match(cmd->words, argc, argv);
		if (*n_out > 0)
			return cmd;
	}
	return NULL;
}

const struct cli_option_row cli_options[] = {
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
	{ CLI_OAUTH, "--oauth", NULL,
	  "sign in for mail too, in place of an app password" },
	{ CLI_USER, "--user", "USER", "one more source for that user" },
	{ CLI_WAIT, "--wait", "SECONDS",
	  "see whether a waiting phone is left alone so long (60 to 3540)" },
	{ CLI_CA, "--ca-file", "FILE",
	  "certificates to trust instead of the system's" },
	{ CLI_REPAIR, "--repair", NULL, "set right what differs" },
	{ CLI_NO_WAIT, "--no-wait", NULL,
	  "do not wait until the phone has everything" },
	{ CLI_MERGE, "--merge", NULL, "write a plan of what to merge" },
	{ CLI_ACROSS, "--across", NULL,
	  "... of several address books into one, too" },
	{ CLI_PLAN, "--plan", "FILE", "where the plan is written" },
	{ CLI_APPLY, "--apply", "FILE", "carry out a plan" },
	{ .name = NULL }
};

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
	cli_print_usage(cmd, stderr);
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
	case CLI_OAUTH:
		c->oauth = true;
		break;
	case CLI_USER:
		c->user = value;
		break;
	case CLI_WAIT:
		c->wait = value;
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
	case CLI_MERGE:
		c->merge = true;
		break;
	case CLI_ACROSS:
		c->across = true;
		break;
	case CLI_PLAN:
		c->plan = value;
		break;
	case CLI_APPLY:
		c->apply = value;
		break;
	}
}

static int
option_at(const struct cli_command *cmd, const char *arg)
{
	size_t i;

	for (i = 0; cli_options[i].name != NULL; i++)
		if ((cmd->options & cli_options[i].bit) &&
		    strcmp(cli_options[i].name, arg) == 0)
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
			cli_print_command(c->cmd);
			return CLI_OK;
		}
		at = option_at(c->cmd, argv[i]);
		if (at < 0)
			return misused(c->cmd, "unknown option %s", argv[i]);
		if (cli_options[at].value != NULL && ++i == argc)
			return misused(c->cmd, "%s wants a value behind it",
				       argv[i - 1]);
		take_option(c, cli_options[at].bit, argv[i]);
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
		cli_print_all(stdout);
		return CLI_OK;
	}
	c.cmd = cli_find(argc, argv, &n);
	if (c.cmd == NULL)
		return cli_no_such(argc, argv);
	return run(&c, argc - n, argv + n);
}
