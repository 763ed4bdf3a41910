/* The program's commands: one table drives parsing, help, completion and the
 * manual page. Exit codes: 0 done, 1 it failed, 2 a wrong command line or
 * configuration, 3 the running easbridge cannot be reached. */
#ifndef GATEWAY_CLI_H
#define GATEWAY_CLI_H

#include <stdbool.h>
#include <stddef.h>

enum cli_exit { CLI_OK, CLI_FAILED, CLI_USAGE, CLI_NOT_RUNNING };

/* Options a command takes, as bits of cli_command.options. */
enum cli_option {
	CLI_CONF = 1,       /* -c FILE */
	CLI_JSON = 2,       /* --json */
	CLI_YES = 4,        /* --yes */
	CLI_UNMASKED = 8,   /* --unmasked */
	CLI_PASSWORD = 16,  /* --password-file FILE */
	CLI_OUT = 32,       /* --out FILE */
	CLI_DNS = 64,       /* --resolver FILE */
	CLI_URL = 128,      /* --url URL */
	CLI_CA = 256,       /* --ca-file FILE */
	CLI_KEEP = 512,     /* --keep-password */
	CLI_OAUTH = 1024,   /* --oauth */
	CLI_USER = 2048,    /* --user USER */
	CLI_WAIT = 4096,    /* --wait SECONDS */
	CLI_REPAIR = 8192,  /* --repair */
	CLI_NO_WAIT = 16384, /* --no-wait */
	CLI_MERGE = 1 << 20,  /* --merge */
	CLI_ACROSS = 1 << 21, /* --across */
	CLI_PLAN = 1 << 22,   /* --plan FILE */
	CLI_APPLY = 1 << 23   /* --apply FILE */
};

/* A command line, read. */
struct cli {
	const struct cli_command *cmd;
	const char *file;          /* -c, else the default */
	bool json, yes, unmasked, keep, oauth, repair, no_wait;
	bool merge, across;
	/* NULL: not given */
	const char *password_file, *out, *resolver, *url, *ca_file, *user;
	const char *wait, *plan, *apply;
	char **argv;               /* what is neither word nor option */
	int argc;
};

struct cli_command {
	const char *words;         /* "password add" */
	const char *args;          /* "USER NAME"; "" for none */
	int min, max;              /* how many */
	unsigned options;
	int (*run)(const struct cli *c);
	const char *about;         /* one line */
	const char *help;          /* what it does, then examples */
};

/* Ended by a row without words. */
extern const struct cli_command cli_commands[];

/* Runs the command line; serve is main's, which alone may block signals. */
int cli_main(int argc, char **argv, int (*serve)(const char *file));

/* A complaint on standard error, with the program's name; returns code. */
int cli_fail(int code, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The commands, each in the file of its kind. */
int cli_serve(const struct cli *c);
int cli_check_config(const struct cli *c);
int cli_help_config(const struct cli *c);
int cli_check(const struct cli *c);
int cli_setup(const struct cli *c);
int cli_profile(const struct cli *c);
int cli_providers(const struct cli *c);
int cli_help_providers(const struct cli *c);
int cli_trace(const struct cli *c);
int cli_version(const struct cli *c);
int cli_help(const struct cli *c);
int cli_completion(const struct cli *c);
int cli_manual(const struct cli *c);
int cli_status(const struct cli *c);
int cli_health(const struct cli *c);
int cli_users(const struct cli *c);
int cli_devices(const struct cli *c);
int cli_device(const struct cli *c); /* show, allow, block, ... */
int cli_classes(const struct cli *c);
int cli_reload(const struct cli *c);
int cli_source(const struct cli *c);
int cli_state(const struct cli *c); /* check, dump */
int cli_trace_live(const struct cli *c);
int cli_verify(const struct cli *c);
int cli_resync(const struct cli *c);
int cli_duplicates(const struct cli *c);
int cli_unlink(const struct cli *c); /* unlink, relink */
int cli_password_add(const struct cli *c);
int cli_password_list(const struct cli *c);
int cli_password_revoke(const struct cli *c);
int cli_oauth(const struct cli *c);
int cli_oauth_revoke(const struct cli *c);
int cli_secret_key(const struct cli *c);
int cli_secret_seal(const struct cli *c);

#endif
